"""Words for the programs in an image."""

from ..suffix import Group, Role, Suffix
from ..suffix import mark as _


def _content(
    name: str,
    *,
    example: str,
    meaning: str,
    use_case: str,
    drawback: str,
    aliases: tuple[str, ...] = (),
    pattern: str = "",
) -> Suffix:
    return Suffix(
        name=name,
        group=Group.CONTENT,
        role=Role.VARIANT,
        example=example,
        meaning=meaning,
        use_case=use_case,
        drawback=drawback,
        aliases=aliases,
        pattern=pattern,
    )


CONTENTS = (
    _content(
        "jdk",
        example="eclipse-temurin:21-jdk-alpine",
        pattern=r"(?:open)?jdk(?P<release>\d{1,2})?",
        meaning=_(
            "Java Development Kit: the runtime, the compiler and the tools for finding faults."
        ),
        use_case=_("Building Java, and taking heap dumps or flight records where it runs."),
        drawback=_(
            "Two to three times the size of a jre; a compiler in production helps an intruder."
        ),
    ),
    _content(
        "jre",
        example="eclipse-temurin:21-jre-alpine",
        pattern=r"jre(?P<release>\d{1,2})?",
        meaning=_("Java Runtime Environment: what is needed to run Java, no more."),
        use_case=_("Running a Java service in production."),
        drawback=_("No compiler, no jcmd: faults are looked for with the jdk variant."),
    ),
    _content(
        "temurin",
        example="maven:3.9-eclipse-temurin-21",
        pattern=r"(?:eclipse-temurin|temurin|amazoncorretto|corretto|sapmachine|ibmjava|ibm-semeru|liberica|zulu|graalvm(?:-community)?|graal)(?:-?(?P<release>\d{1,2}))?",
        meaning=_(
            "Which build of Java is inside: Eclipse Temurin, Amazon Corretto, SapMachine, GraalVM "
            "…, and its major version."
        ),
        use_case=_("Your support contract names one; else Temurin."),
        drawback=_("They differ in how long they are supported and in what they bundle."),
    ),
    _content(
        "fpm",
        example="php:8.3-fpm-alpine",
        meaning=_(
            "PHP as a FastCGI process manager: it runs PHP, and a web server in another container "
            "talks to it."
        ),
        use_case=_("Behind nginx or Caddy, one container for each."),
        drawback=_("It answers no HTTP by itself: without a web server in front there is no page."),
    ),
    _content(
        "apache",
        example="wordpress:6.7-php8.3-apache",
        meaning=_("PHP inside the Apache web server, in one container."),
        use_case=_("The simplest way to serve a PHP site; .htaccess files work."),
        drawback=_("Larger, and it takes more memory for each visitor than fpm behind nginx."),
    ),
    _content(
        "zts",
        example="php:8.3-zts",
        meaning=_("PHP built thread-safe (Zend Thread Safety)."),
        use_case=_("Extensions that use threads, such as parallel, or FrankenPHP."),
        drawback=_("A little slower, and some extensions refuse it."),
    ),
    _content(
        "php",
        example="wordpress:6.7-php8.3-fpm",
        pattern=r"(?:php|python|py|node|go|golang|ruby|perl|java|dotnet|erlang|otp|scala|gcc|clang|llvm|rust)-?(?P<release>\d{1,2}(?:\.\d{1,3}){0,2})",
        meaning=_(
            "The version of the language that the program runs on: php8.3, python3.12, node22 …"
        ),
        use_case=_("Your plug-ins or your code were tested on it."),
        drawback=_("The language has an end of life of its own, whatever the program's version."),
    ),
    _content(
        "perl",
        example="nginx:1.27-perl",
        aliases=("lua", "python", "node", "njs"),
        meaning=_("With the module for that scripting language built in."),
        use_case=_("The configuration uses the module."),
        drawback=_("Some ten megabytes more, and one more language to keep up to date."),
    ),
    _content(
        "otel",
        example="nginx:1.27-alpine-otel",
        meaning=_("With the OpenTelemetry module, which reports traces."),
        use_case=_("You collect traces."),
        drawback=_("It needs a collector to send to."),
    ),
    _content(
        "management",
        example="rabbitmq:4.0-management-alpine",
        aliases=("admin", "dashboard", "ui"),
        meaning=_(
            "With the management plug-in switched on: a web page and an API for administration."
        ),
        use_case=_("People or monitoring look into the queues."),
        drawback=_(
            "It opens another port (15672 for RabbitMQ): do not publish it to the internet."
        ),
    ),
    _content(
        "onbuild",
        example="maven:3-onbuild",
        meaning=_("Carries triggers that copy your source and build it as soon as you write FROM."),
        use_case=_("Hardly ever: official images have stopped making them."),
        drawback=_(
            "Steps run that do not stand in your Dockerfile, and they are no longer updated."
        ),
    ),
    _content(
        "buildpack-deps",
        example="buildpack-deps:bookworm-scm",
        aliases=("buildpack", "scm", "curl"),
        meaning=_(
            "The compilers, headers and tools with which language images are built; scm and curl "
            "are smaller selections."
        ),
        use_case=_("A build stage that compiles native extensions."),
        drawback=_("Very large: copy the result into a slim image."),
    ),
    _content(
        "builder",
        example="caddy:2.8-builder-alpine",
        aliases=("build", "sdk", "devcontainer", "toolchain"),
        meaning=_("With all that compiles: for the first stage of a build."),
        use_case=_("The build stage of a multi-stage Dockerfile."),
        drawback=_("Not for running: ship the plain image with the result copied in."),
    ),
    _content(
        "runtime",
        example="nvidia/cuda:12.6.2-runtime-ubuntu24.04",
        aliases=("aspnet", "runner", "run"),
        meaning=_("Only what running needs, without compilers and headers."),
        use_case=_("The last stage of a build."),
        drawback=_("Its version must match the one that you built with."),
    ),
    _content(
        "base",
        example="nvidia/cuda:12.6.2-base-ubuntu24.04",
        aliases=("core", "server"),
        meaning=_("The foundation that the project's other variants add to."),
        use_case=_("You add the rest yourself."),
        drawback=_("Parts that the documentation takes for granted may be missing."),
    ),
    _content(
        "cuda",
        example="pytorch/pytorch:2.5.1-cuda12.4-cudnn9-runtime",
        pattern=r"(?:cuda|cu)-?(?P<release>\d{2,3}(?:\.\d){0,2})|cuda",
        meaning=_("With NVIDIA's CUDA libraries, for computing on a graphics card."),
        use_case=_("Training and inference on NVIDIA cards."),
        drawback=_("Gigabytes; the host's driver must be new enough for this CUDA version."),
    ),
    _content(
        "cudnn",
        example="nvidia/cuda:12.6.2-cudnn-devel-ubuntu24.04",
        pattern=r"cudnn(?P<release>\d{1,2})?",
        meaning=_("With cuDNN, NVIDIA's library for neural networks, on top of CUDA."),
        use_case=_("Frameworks such as PyTorch and TensorFlow."),
        drawback=_("About a gigabyte more; frameworks want one certain major version."),
    ),
    _content(
        "rocm",
        example="rocm/pytorch:rocm6.2",
        pattern=r"rocm-?(?P<release>\d(?:\.\d){0,2})|rocm|gpu|cpu|xpu",
        meaning=_(
            "For which processor it computes: AMD cards (rocm), any card (gpu), or none (cpu)."
        ),
        use_case=_("It is what the host has."),
        drawback=_("A gpu image may start without a card and then be slow or fail late."),
    ),
    _content(
        "dind",
        example="docker:27-dind",
        meaning=_("Docker in Docker: a complete engine inside the container."),
        use_case=_("Continuous integration that builds images."),
        drawback=_(
            "It needs a privileged container, which is root on the host; dind-rootless needs less."
        ),
    ),
    _content(
        "cli",
        example="docker:27-cli",
        meaning=_("Only the command-line tool, without the server."),
        use_case=_("Scripts that talk to a server elsewhere."),
        drawback=_("It starts no service."),
    ),
    _content(
        "enterprise",
        example="sonarqube:10.7-community",
        aliases=(
            "community",
            "ce",
            "ee",
            "developer",
            "datacenter",
            "oss",
            "ent",
            "pro",
            "standard",
        ),
        meaning=_(
            "The edition: community, ce and oss are free; enterprise, ee and pro need a licence."
        ),
        use_case=_("It is the edition that you have a licence for."),
        drawback=_("A database written by one edition may not open in another."),
    ),
)

"""Mirrors: the sentence and the advice for each code of an error."""

from django.utils.translation import gettext_lazy as _

from .text import Text

TEXTS = {
    "copy_differs_afterwards": Text(
        _("Copied, but afterwards: The target names something else."),
        _(
            "Somebody else writes to this tag of the target, or the registry loses what it "
            "accepts. Retry what failed."
        ),
    ),
    "copy_missing_afterwards": Text(
        _("Copied, but afterwards: The target has no such tag."),
        _(
            "Somebody else writes to this tag of the target, or the registry loses what it "
            "accepts. Retry what failed."
        ),
    ),
    "expression_invalid": Text(
        _("“%(text)s” is no regular expression: %(problem)s."),
        _("Mend it, or use names with * and ? instead."),
    ),
    "expression_too_long": Text(
        _("The expression has more than %(limit)s characters."), _("Shorten it.")
    ),
    "expression_too_slow": Text(
        _("The expression “%(text)s” takes too long for these tags."),
        _(
            "Repetitions within repetitions, such as (a+)+, make it slow: write it without "
            "them, or use names with * and ?."
        ),
    ),
    "file_has_too_many_rules": Text(_("The file has more than %(limit)s rules."), _("Split it.")),
    "file_without_rules": Text(
        _("This is no file of rules."), _("regsync's, skopeo sync's and exported files are read.")
    ),
    "item_failed": Text(
        _("%(count)s tag failed."),
        _("All others are done. Each says below why it failed; then retry what failed."),
    ),
    "items_failed": Text(
        _("%(count)s tags failed."),
        _("All others are done. Each says below why it failed; then retry what failed."),
    ),
    "kept_tag_too_long": Text(
        _("%(tag)s is too long to be kept under a name with the moment."),
        _("Keep it by hand under another name."),
    ),
    "local_mirror_image_gone": Text(
        _("%(name)s is not here any more."), _("Run the mirror again: it brings what is missing.")
    ),
    "mirror_busy": Text(
        _("“%(name)s” runs already."), _("Wait until it has ended, or cancel it first.")
    ),
    "mirror_copies_to_itself": Text(
        _("%(name)s would be copied to itself."),
        _("Choose another name for the target, or another registry."),
    ),
    "mirror_credential_removed": Text(
        _("The credential chosen for %(host)s was removed meanwhile."),
        _("Choose another one in the mirror's settings."),
    ),
    "mirror_image_changed": Text(
        _("%(name)s is another image here by now."),
        _("Bring the images again: only what is missing is moved."),
    ),
    "mirror_image_gone": Text(
        _("%(name)s is not here any more."),
        _("Bring the images again: only what is missing is moved."),
    ),
    "mirror_keeps_images_already": Text(
        _("“%(name)s” keeps its images here anyway."), _("Run it.")
    ),
    "mirror_local_credential": Text(_("The local store needs no credential.")),
    "mirror_missing": Text(_("The team has no mirror “%(name)s”."), _("There are: none.")),
    "mirror_name_taken": Text(
        _("The team has a mirror of that name already."), _("Choose another name.")
    ),
    "mirror_name_unknown": Text(
        _("The team has no mirror “%(name)s”."), _("There are: %(names)s.")
    ),
    "mirror_not_brought": Text(
        _("The images of the mirror “%(name)s” have not been brought here yet."),
        _("Bring them here first."),
    ),
    "mirror_not_run": Text(
        _("No run of the mirror “%(name)s” has brought images yet."),
        _("Run it first: mirror run “%(name)s”."),
    ),
    "mirror_platforms_invalid": Text(
        _("The platforms are a list such as linux/amd64, linux/arm64.")
    ),
    "mirror_registry_foreign": Text(_("This registry is not one of the team's.")),
    "mirror_repositories_invalid": Text(
        _("The repositories are a list of at most %(most)s names.")
    ),
    "mirror_repository_too_long": Text(_("“%(text)s…” is too long.")),
    "mirror_selects_nothing": Text(
        _("The mirror “%(name)s” selects nothing."), _("Check its repositories and tags.")
    ),
    "mirror_without_name": Text(_("The mirror has no name.")),
    "mirror_without_repository": Text(
        _("No repository is named."),
        _("Write a name such as library/nginx, or a glob such as team/*."),
    ),
    "naming_collision": Text(
        _("%(first)s and %(second)s would both become %(target)s."),
        _("Choose a naming that keeps more of the path, or mirror them with two rules."),
    ),
    "naming_kind_unknown": Text(
        _("“%(kind)s” is no way of naming."), _("Choose one of %(kinds)s.")
    ),
    "naming_levels_invalid": Text(
        _("The number of levels is between 0 and 20."), _("0 leaves the last part alone.")
    ),
    "naming_not_object": Text(_("The naming is no object."), _('Write {"kind": "keep"}.')),
    "naming_placeholder_unknown": Text(
        _("{%(name)s} is no placeholder."), _("There are %(names)s.")
    ),
    "naming_prefix_missing": Text(
        _("The prefix is missing."), _("Write a path such as mirror/hub.")
    ),
    "naming_template_missing": Text(
        _("The template is missing."), _("Write a path such as mirror/hub.")
    ),
    "no_repository_matches": Text(
        _("No repository of the source matches."),
        _("Check the names and globs in the mirror's settings."),
    ),
    "nothing_chosen": Text(_("Nothing was chosen.")),
    "plan_incomplete": Text(_("Only a plan that is complete can be run."), _("Make a new plan.")),
    "plan_outdated": Text(
        _("The rule was changed after this plan was made."), _("Make a new plan.")
    ),
    "pulls_reserved": Text(
        _("%(host)s allows %(limit)s pulls, and %(left)s are left: these are for people.")
    ),
    "queue_unavailable": Text(
        _("The queue (Redis) does not answer, so the registry's cap cannot be kept."),
        _("Start Redis, then try again."),
    ),
    "repository_copied_to_itself": Text(
        _("%(name)s would be copied to itself."), _("Choose another name for the target.")
    ),
    "requests_refused": Text(_("%(host)s takes no more requests for now: %(cause)s")),
    "run_not_ended": Text(_("This run has not ended."), _("Cancel it first.")),
    "run_taken_over": Text(_("Another worker has taken this run over.")),
    "run_without_failures": Text(_("Nothing failed in this run.")),
    "schedule_fields": Text(
        _("A schedule has five fields."),
        _(
            "Write five fields: minute, hour, day of the month, month, day of the week. 30 2 "
            "* * 1-5 is half past two from Monday to Friday."
        ),
    ),
    "schedule_invalid": Text(
        _("“%(text)s” is not a schedule."),
        _(
            "Write five fields: minute, hour, day of the month, month, day of the week. 30 2 "
            "* * 1-5 is half past two from Monday to Friday."
        ),
    ),
    "schedule_never": Text(
        _("The time of “%(text)s” never comes."), _("Choose a day that the month has.")
    ),
    "selection_date_invalid": Text(
        _("“%(text)s” is no date."), _("Write 2026-01-31, or days: 90d.")
    ),
    "selection_list_invalid": Text(_("“%(name)s” is a list of at most %(most)s words.")),
    "selection_member_unknown": Text(
        _("A selection has no member “%(name)s”."), _("There are %(names)s.")
    ),
    "selection_newest_invalid": Text(_("How many of the newest is a number up to 1000; 0 is all.")),
    "selection_not_object": Text(_("The selection is no object.")),
    "selection_per_invalid": Text(_("The newest are counted per all, major or minor.")),
    "selection_tag_too_long": Text(_("“%(tag)s…” is longer than a tag can be.")),
    "selection_text_invalid": Text(_("“%(name)s” is a text.")),
    "source_tag_gone": Text(
        _("The source has no tag %(tag)s in %(repository)s."), _("Check the mirror's tags.")
    ),
    "target_name_too_long": Text(
        _("%(repository)s would get a name of %(count)s characters; registries take %(most)s."),
        _("Choose a shorter prefix or template."),
    ),
    "time_zone_unknown": Text(
        _("“%(name)s” is not a time zone."), _("Choose one such as Europe/Paris.")
    ),
    "too_many_repositories": Text(
        _("%(count)s repositories match; one mirror takes %(most)s."),
        _("Divide it among several mirrors with narrower names."),
    ),
    "too_many_tags_chosen": Text(
        _("At most %(most)s tags are chosen at once."), _("Run the whole mirror.")
    ),
    "version_range_invalid": Text(_("%(range_problem)s")),
    "yaml_anchor": Text(
        _("Line %(line)s refers to an anchor."), _("Write out what it stands for.")
    ),
    "yaml_invalid": Text(_("This is no YAML."), _("Paste the whole file.")),
    "yaml_line_invalid": Text(
        _("Line %(line)s is no YAML."), _("Look at its indentation and quotes.")
    ),
    "yaml_too_long": Text(_("The file is longer than %(limit_bytes)s."), _("Split it.")),
}

"""Images in one file, for places that no network reaches: OCI layouts and what `docker save` writes, as tar or tar.gz.

Nothing is ever unpacked into files: members are found by name and read where they lie. An archive is good whole or refused
whole, because everything that it names is looked up when it is opened, and hashed before any of it is used.

    limits.py      how much an archive may claim
    container.py   the open file; gzip undone into another one
    tar.py         the members of a tar, by name
    layout.py      the images of an OCI layout (image spec, "image-layout")
    docker.py      the images of a `docker save` archive
    reading.py     an archive as an `ImageStore` to copy from
    platforms.py   some platforms of an index
    writing.py     an `ImageStore` to copy to, which then tells every byte of its archive in advance
"""

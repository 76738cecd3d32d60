"""Archives of images: OCI layouts and `docker save` files, as tar or tar.gz.

Nothing is unpacked into files: members are found by name and read where they are. An archive is
accepted or refused as a whole, because everything that it names is looked up when it is opened, and
hashed before any of it is used.

    limits.py      the limits for untrusted archives
    container.py   the open file; the decompression of gzip
    tar.py         the members of a tar, by name
    layout.py      the images of an OCI layout (image spec, "image-layout")
    docker.py      the images of a `docker save` archive
    reading.py     an archive as an `ImageStore` to copy from
    platforms.py   some platforms of an index
    writing.py     an `ImageStore` to copy to, and the bytes of the new archive
"""

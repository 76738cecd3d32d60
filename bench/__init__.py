"""The benchmarks, started by `make bench`.

They measure speed and memory of pulls, pushes, the index and the pages, next to skopeo and
docker-registry in the same run. They are no tests.
"""

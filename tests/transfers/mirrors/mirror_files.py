"""Files of other tools that the tests import."""

REGSYNC = """
version: 1
creds:
  - registry: company.example.com
    user: robot
    pass: canary-secret
defaults:
  ratelimit: {min: 100, retry: 15m}
  parallel: 2
  interval: 60m
sync:
  - source: busybox:1.36
    target: company.example.com/library/busybox:1.36
    type: image
  - source: alpine
    target: company.example.com/mirror/library/alpine
    type: repository
    schedule: "15 3 * * *"
    tags:
      allow: ["3", '3\\.\\d+']
      deny: ["edge"]
    platform: linux/amd64
    referrers: true
    backup: "backup-{{.Ref.Tag}}"
  - source: hub.example.com
    target: company.example.com/hub
    type: registry
    repos: {allow: ["team/.*", "tools"]}
    interval: 7m30s
  - source: redis:7
    target: company.example.com/redis:stable
    type: image
  - source: ocidir:///tmp/x
    target: company.example.com/x
    type: repository
  - source: "{{ .x }}"
    target: company.example.com/x
    type: repository
  - source: a/b
    target: elsewhere.example.com/a/b
    type: repository
  - source: hub.example.com
    target: company.example.com
    type: registry
    repos: {allow: ["(a|b)/.+"]}
"""

SKOPEO = """
hub.example.com:
  tls-verify: false
  credentials: {username: john, password: canary-secret}
  images:
    busybox: []
    redis:
      - "1.0"
      - 1.10
      - sha256:0000000000000000000000000000000011111111111111111111111111111111
  images-by-tag-regex:
    nginx: ^1\\.13\\.[12]-alpine-perl$
  images-by-semver:
    alpine: ">= 3.12.0"
"""

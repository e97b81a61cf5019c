#!/usr/bin/env bash
#
# compose-plugin.sh: Docker Compose v2 for the user's docker, built of its Go module. For machines where no package has
# it. Takes minutes once; needs Go.
#
# Environment: COMPOSE_VERSION (default: v2.40.3), DOCKER_CONFIG (default: ~/.docker)

set -euo pipefail

version=${COMPOSE_VERSION:-v2.40.3}
plugins=${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins
module=github.com/docker/compose/v2

if docker compose version 2>/dev/null; then exit; fi
command -v go >/dev/null || { echo "${0##*/}: Go is needed to build Compose" >&2; exit 1; }

work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
# Its go.mod excludes versions, which "go install" of another module's program does not accept: so from its own folder.
cd "$work"
source=$(go mod download -json "$module@$version" | sed -n 's/^\t"Dir": "\(.*\)".*/\1/p')
cp -r "$source" compose
chmod -R u+w compose
cd compose
mkdir -p "$plugins"
CGO_ENABLED=0 go build -trimpath -tags fsnotify -ldflags "-s -w -X $module/internal.Version=$version" -o "$plugins/docker-compose" ./cmd
docker compose version

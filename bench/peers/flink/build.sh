#!/usr/bin/env bash
# Compiles the program and fetches its libraries into target/. Needs a JDK >= 17 and Maven.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
mvn -q -B package dependency:copy-dependencies -DoutputDirectory=target/lib

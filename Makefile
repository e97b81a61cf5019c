# Everything here needs bash and Go. What needs more says so and says what.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

GO          ?= go
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOTESTSUM   := gotest.tools/gotestsum@v1.13.0
# go test with flags $(1) on packages $(2). RERUN=1 runs the tests that failed, and only those, once more and says so:
# for machines that are busy with something else now and then.
test         = $(if $(RERUN),$(GO) run $(GOTESTSUM) --format=pkgname --hide-summary=skipped --rerun-fails=$(RERUN) --packages="$(2)" -- $(1),$(GO) test $(1) $(2))
# The race detector needs a C compiler.
RACE        := $(shell command -v "$$($(GO) env CC)" >/dev/null 2>&1 && echo -race)
# Packages whose tests start brokers and take minutes; those run on a real Kafka too when there is one.
KAFKA_PKGS  := ./integration/... ./internal/engine/...
# Packages with tests on MySQL and PostgreSQL; without them those tests are left out.
DB_PKGS     := ./integration/databases ./integration/sqlsink ./integration/capture ./internal/sqlsink/... ./internal/cdc/...
UNIT_PKGS    = $$($(GO) list ./... | grep -v -e '/integration' -e '/bench' -e '/internal/engine$$')
# Executions of each fuzz target. With a time instead (60s) a search without a finding can end in "context deadline
# exceeded" (go.dev/issue/75804, mended in Go 1.27).
FUZZTIME    ?= 1000000x
# How long make soak runs, and how often it kills an instance.
SOAK        ?= 60m
KILLS       ?= 100
BENCHTIME   ?= 100x
# What make image makes, and docker-compose.yml runs.
export TRIBUTARY_IMAGE ?= tributary
# Authorities that programs in containers trust.
CERTIFICATES ?= /etc/ssl/certs/ca-certificates.crt

##@ Every day

.PHONY: help
help: ## list what there is
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\nTo see something first: go run ./cmd/tributary demo\n'

.PHONY: check
check: format vet lint unit ## format, vet, staticcheck, unit tests with the race detector: about a minute

.PHONY: test
test: ## all tests that need nothing but Go: they bring a Kafka broker with them, in memory
	$(call test,,./...)
	@echo
	@echo 'Left out, because they need more than Go:'
	@echo '  real Kafka   make kafka-test                          starts one; needs Java 17, and Maven the first time'
	@echo '               make kafka-test BROKERS=host:port,...    on brokers that run'
	@echo '  databases    make db-test                             starts MySQL, PostgreSQL and MariaDB; needs Maven the'
	@echo '                                                        first time, and Debian'\''s postgresql and mariadb-server'
	@echo '  containers   make integration                         the same in containers, and everything with Docker Compose;'
	@echo '                                                        says what it needs: Docker, images of Kafka and databases'

.PHONY: build
build: ## static binaries into bin/
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/ ./cmd/...

##@ Parts of check

.PHONY: format
format: ## fail if gofmt would change a file
	@files=$$(gofmt -l .); if [ -n "$$files" ]; then echo "gofmt -w $$files"; exit 1; fi

.PHONY: vet
vet: ## go vet
	$(GO) vet ./...

.PHONY: lint
lint: ## staticcheck, of a fixed version
	$(GO) run $(STATICCHECK) ./...

.PHONY: unit
unit: ## the short tests of what needs no engine, with the race detector
	$(if $(RACE),,@echo 'no C compiler: the race detector is left out')
	$(call test,$(RACE) -short,$(UNIT_PKGS))

##@ More than Go alone

.PHONY: race
race: ## the engine and the suites on the embedded broker with the race detector; needs a C compiler
	$(call test,-race -short -timeout 30m,$(KAFKA_PKGS))

.PHONY: kafka-test
kafka-test: ## the suites on a real Kafka: one started here, or BROKERS=host:port,...
	$(if $(BROKERS),TRIBUTARY_BROKERS='$(BROKERS)',TRIBUTARY_KAFKA=local) \
	  $(call test,-count=1 -p 1 -timeout 20m,$(KAFKA_PKGS))

.PHONY: db-test
db-test: ## sink and capture on a real MySQL, MariaDB and PostgreSQL, started here, or TRIBUTARY_MYSQL, _MARIADB, _POSTGRES
	TRIBUTARY_DATABASES=$${TRIBUTARY_DATABASES:-local} \
	  $(call test,-count=1 -p 1 -timeout 20m,$(DB_PKGS))

.PHONY: integration
integration: ## the suites on servers in containers, and compose-test; says what it lacks, and installs nothing
	@integration/images/ready.sh
	TRIBUTARY_KAFKA=containers TRIBUTARY_DATABASES=containers \
	  $(GO) test -count=1 -p 1 -timeout 90m $(KAFKA_PKGS) ./internal/sqlsink/... ./internal/cdc/...
	$(MAKE) compose-test

.PHONY: image
image: ## the container image tributary, of binaries built here; needs a Docker engine, and no registry
	rm -rf bin/image && mkdir -p bin/image/{programs,certificates,state}
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags='-s -w' -o bin/image/programs/ ./cmd/...
	if [ -r $(CERTIFICATES) ]; then cp $(CERTIFICATES) bin/image/certificates/; fi
	docker build --quiet --target packed --tag $(TRIBUTARY_IMAGE) --file Dockerfile bin/image

.PHONY: up
up: image ## all programs, Kafka and MySQL in containers; needs Docker Compose v2
	docker compose up --detach --wait

.PHONY: down
down: ## stop the containers; volumes stay (docker compose down --volumes deletes them)
	docker compose down

.PHONY: compose-test
compose-test: image ## the same containers under another name and other ports, fed and checked; needs Docker Compose v2
	TRIBUTARY_COMPOSE=1 $(GO) test -count=1 -v -timeout 20m ./integration/compose

##@ Measuring and searching

.PHONY: bench
bench: ## the benchmarks that docs/benchmarks.md tells of
	$(GO) run ./bench

.PHONY: bench-smoke
bench-smoke: ## every Go benchmark for a moment, with allocation counts
	$(GO) test -run '^$$' -bench . -benchtime $(BENCHTIME) -benchmem ./...

.PHONY: faults
faults: ## every fault in every use case, into docs/reliability.md; on a Kafka started here, or as TRIBUTARY_KAFKA says
	TRIBUTARY_KAFKA=$${TRIBUTARY_KAFKA:-local} TRIBUTARY_FAULTS=all TRIBUTARY_RELIABILITY=write \
	  $(GO) test -count=1 -v -timeout 4h -run 'TestFaults|TestHowLong' ./integration/faults

.PHONY: soak
soak: ## KILLS (100) kills in SOAK (60m) at 70 % load, into docs/reliability.md; on a Kafka started here
	TRIBUTARY_KAFKA=$${TRIBUTARY_KAFKA:-local} TRIBUTARY_RELIABILITY=write TRIBUTARY_SOAK=$(SOAK) TRIBUTARY_SOAK_KILLS=$(KILLS) \
	  $(GO) test -count=1 -v -timeout 24h -run TestSoak ./integration/faults

.PHONY: fuzz
fuzz: ## every fuzz target, FUZZTIME (1000000x) times
	@for dir in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n 1 dirname | sort -u); do \
	  for target in $$($(GO) test -list '^Fuzz' "$$dir" | grep '^Fuzz'); do \
	    echo "$$dir $$target"; \
	    $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1000x "$$dir"; \
	  done; \
	done

.PHONY: clean
clean: ## delete bin/ and the data of a local Kafka (not its jars)
	rm -rf bin
	integration/kafka/kafka-local.sh wipe

# Chores. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help build demo example test chaos chaos-mutants big-batch lint check docs alert-times images digests sbom audit up down bench clean

# The workspaces that the images and the package are made of.
SHIPPED = marblerun @marblerun/monitor @marblerun/elevator

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: node_modules/.installed ## install what is needed and compile
	@npm run --silent build

demo: ## play the real job: set up all it needs, hash thousands of files, prove the report right, clean up
	@MAKE='$(MAKE)' REDIS='$(REDIS)' scripts/demo.sh

example: build ## list the examples; `make example NAME=monitored` plays one
	@node examples/dist/example.js $(NAME) --redis $(or $(REDIS),auto)

test: build ## run every test, against real Redis servers and real processes
	@scripts/need-redis.sh
	@npm test --silent

chaos: build ## run real processes under faults, and check all that happened; CHAOS_MINUTES=n, CHAOS_SEED=n
	@scripts/need-redis.sh
	@node tests/dist/chaos/main.js

chaos-mutants: build ## break the scripts one by one: the tests must notice each
	@scripts/need-redis.sh
	@node tests/dist/chaos/mutants.js

big-batch: build ## complete a batch of a million marbles while workers, Monitors and Redis are killed; BIG_BATCH_MARBLES=n
	@scripts/need-redis.sh
	@node tests/dist/big-batch/main.js

lint: build ## check style, formatting, and whether the documents agree with the code
	@npm run --silent lint
	@npm run --silent format:check
	@npm run --silent docs -- --check

check: lint test chaos ## run all that CI runs

docs: build ## write the tables of docs/ that come from the code
	@npm run --silent docs

alert-times: build ## measure how soon each alert follows its fault, for docs/OPERATIONS.md (takes a quarter of an hour)
	@scripts/need-redis.sh
	@node tests/dist/observability/alert-times.js

images: ## build our images as they are shipped: on the digest of their base, with a revision (NODE_IMAGE: another base)
	NODE_IMAGE=$${NODE_IMAGE:-$$(sed -n 's/^ARG NODE_IMAGE=//p' Dockerfile.monitor)} \
	  scripts/made-of.sh docker compose build monitor elevator worker

digests: ## ask the registries what the tags of the base images are now, and pin the images to that
	node scripts/digests.mjs

sbom: images ## list all that each image holds, npm's packages and its system's, as CycloneDX in sbom/
	@node scripts/sbom.mjs --images

audit: ## list known vulnerabilities; fail on `high` or more in what is shipped, or if nobody answers
	@echo "What the images and the package ship:"
	@npm audit --package-lock-only --omit=dev --audit-level=high $(SHIPPED:%=--workspace=%); status=$$?; \
	for folder in . bench tests/packages/tools; do \
	  echo "All of $$folder, for development too:"; \
	  (cd $$folder && npm audit --package-lock-only --audit-level=none) || status=1; \
	done; \
	exit $$status

up: ## start Redis, Monitor, Elevator and example workers in containers
	scripts/made-of.sh docker compose up --build --detach --wait
	@echo "Monitor:  http://localhost:$${MONITOR_PORT:-9464}/"
	@echo "Elevator: http://localhost:$${ELEVATOR_PORT:-9465}/api/lanes"
	@echo "Redis:    redis://admin:PASSWORD@$$(docker compose port redis 6379)"
	@echo "PASSWORD: docker compose run --rm --no-deps users cat /logins/admin/password"

down: ## stop what `make up` started; the Redis volume is kept
	docker compose down

bench: build bench/node_modules/.installed ## measure MarbleRun and its peers (BENCH_QUICK=1: in minutes), and write docs/BENCHMARKS.md and docs/SCALING.md
	@scripts/need-redis.sh
	@cd bench && npm run --silent build
	@npm test --silent -- bench/dist
	@cd bench && npm start --silent

clean: ## remove everything that was built
	rm -rf node_modules bench/node_modules tests/packages/tools/node_modules bench/dist .demo sbom shared/dist shared/service/dist services/*/dist examples/dist tests/dist
	find . -name '*.tsbuildinfo' -not -path './node_modules/*' -delete

node_modules/.installed: package.json package-lock.json $(wildcard */package.json */*/package.json)
	npm ci --no-audit
	@touch $@

bench/node_modules/.installed: bench/package.json bench/package-lock.json
	cd bench && npm ci --no-audit
	@touch $@

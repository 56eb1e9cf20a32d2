# `make` alone prints every target. CI calls nothing but these.
#
# up, down, status, logs and verify take: DEPLOYMENT=name PREFIX=name- PORT=5000 CONTROL_PORT=5001,
# TLS=self-signed or TLS=/folder/with/certificates (docs/tls.md), and
# VARS='{"ringmaster_variables": {"replicas": 5}}' for everything else (see the collection in infra/ansible/collections).
# A token comes in the environment: RINGMASTER_TOKEN=… make up. observe takes the same and OBSERVE_PORT=9090.
# ENGINE=next: host, contract, infra, e2e and test go on the newest Docker engine instead of this machine's (make engine-next; docs/engines.md).
# INVENTORY=my-hosts.yml names other hosts than this machine, for these and, where it is no Swarm, for observe; infra/ansible/inventory/example-swarm.yml has several.
.DEFAULT_GOAL := help
# Only the parts of `make lint` go side by side, and the last two of `make test`.
ifeq ($(HOST_IS_READY),)
.NOTPARALLEL:
endif
.PHONY: help up doctor down status logs verify observe sbom scan images release release-notes test host browser tools unit mutants contract infra e2e smoke chaos busy soak
.PHONY: lint lint-python lint-yaml lint-ansible lint-terraform lint-shell lint-workflows provider terraform-docs
.PHONY: swarm-up swarm-down test-swarm engine-next engine-next-down test-next bench-containers bench-hosts bench-instructions bench-placement bench-scale watching figures screenshots locust experiments experiment-1 experiment-2 experiment-3 experiment-4 bench bench-ring fmt lock clean

ifeq ($(HOME),)
export HOME := $(shell getent passwd "$$(id -u)" | cut -d: -f6)
endif
PYTHON ?= python3
export PYTHON
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
# The environment's own tools first; last the Terraform that the playbook downloads where there is none.
export PATH := $(CURDIR)/.venv/bin:$(PATH):$(HOME)/.cache/ringmaster/bin
export LC_ALL := C.UTF-8
# Ansible's modules come to Python by standard input, which it would read byte by byte: a fifth of what a task costs.
unexport PYTHONUNBUFFERED
# Terraform warns on every call about a configuration file that is named but not there.
ifeq ($(wildcard $(TF_CLI_CONFIG_FILE)),)
unexport TF_CLI_CONFIG_FILE
endif

# A Python that was upgraded or removed under .venv has none of its packages: it is made anew.
ifneq ($(wildcard .venv/*.stamp),)
ifneq ($(shell .venv/bin/python -c 'import pip' 2>/dev/null || echo broken),)
$(shell rm -f .venv/*.stamp)
endif
endif

# What the user has set for other configurations of Terraform is not for this one's.
unexport $(filter TF_WORKSPACE TF_DATA_DIR TF_CLI_ARGS% TF_VAR_%,$(.VARIABLES))

# Contexts are known to the command docker alone. All that make starts uses the engine that it would.
docker-config := $(or $(DOCKER_CONFIG),$(HOME)/.docker)/config.json
ifeq ($(DOCKER_HOST),)
ifneq ($(DOCKER_CONTEXT)$(shell grep -s currentContext '$(docker-config)'),)
export DOCKER_HOST := $(shell docker context inspect --format '{{.Endpoints.docker.Host}}')
endif
endif
# A context that is not there is for docker to refuse.
ifneq ($(DOCKER_HOST),)
unexport DOCKER_CONTEXT
endif

# What the role ringmaster_terraform wrote says where the provider is; without it, the user's own configuration does.
TERRAFORM_CONFIGURATION = $(shell ls $(HOME)/.cache/ringmaster/terraform.rc 2>/dev/null)
TERRAFORM = $(addprefix TF_CLI_CONFIG_FILE=,$(TERRAFORM_CONFIGURATION)) terraform

# Only what is said on the command line counts: a PORT or PREFIX that happens to be in the environment does not.
said = $(findstring command,$(origin $(1)))
extra = $(if $(call said,$(1)),-e $(2)=$($(1)))
SETTINGS = $(call extra,DEPLOYMENT,ringmaster_deployment) $(call extra,PREFIX,ringmaster_name_prefix) \
	$(call extra,PORT,ringmaster_publish_port) $(call extra,CONTROL_PORT,ringmaster_control_port) \
	$(call extra,TLS,ringmaster_tls) $(if $(call said,REFRESH),-e ringmaster_refresh=$(or $(REFRESH),0)) $(if $(call said,VARS),-e '$(VARS)')
# An image's label is inherited by what a user builds from it, and by its containers. No image has a role.
LABEL = label=ringmaster.role --filter label=ringmaster.deployment=$(if $(call said,DEPLOYMENT),$(DEPLOYMENT),ringmaster)

# The newest Docker engine, one node of a playground of its own. With ENGINE=next tests and what they call run in its network, where its
# published ports are.
NEXT_ENGINE = RINGMASTER_PLAYGROUND=/var/lib/ringmaster-engine-next RINGMASTER_PLAYGROUND_NUMBER=79 infra/playground/engines
ON_NEXT = docker --host unix:///var/lib/ringmaster-engine-next/node1/docker.sock
ON_ENGINE = $(if $(filter next,$(if $(call said,ENGINE),$(ENGINE))),$(NEXT_ENGINE) run node1)
PLAYBOOK = $(ON_ENGINE) ansible-playbook $(if $(call said,INVENTORY),--inventory $(INVENTORY)) infra/ansible

# The playground is a deployment of its own, beside one that this machine may have: DEPLOYMENT does not make it that one.
PLAYGROUND = $(or $(RINGMASTER_PLAYGROUND),/var/lib/ringmaster-playground)
ON_NODE1 = docker --host unix://$(PLAYGROUND)/node1/docker.sock
IN_PLAYGROUND = ansible-playbook --inventory infra/ansible/inventory/playground.yml infra/ansible
PLAYGROUND_SETTINGS = -e ringmaster_tls=self-signed $(SETTINGS) -e ringmaster_deployment=playground

# What this machine's engine builds on need not be made again on another one.
copy_base = for image in ringmaster-base:trixie debian:trixie-slim; do \
	! docker image inspect $$image >/dev/null 2>&1 || $(1) image inspect $$image >/dev/null 2>&1 || \
		docker save $$image | $(1) load --quiet; done

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: .venv/deploy.stamp .venv/command.stamp ## Bring the system up, with all it needs on this machine (first time 5 to 8 minutes)
	@$(PLAYBOOK)/deploy.yml $(SETTINGS)

doctor: .venv/deploy.stamp ## Look what this machine has for make up, and change nothing but .venv (a running deployment: ringmaster doctor)
	@$(PLAYBOOK)/doctor.yml $(SETTINGS)

down: .venv/deploy.stamp ## Take the deployment away; engine and tools stay
	@$(PLAYBOOK)/destroy.yml $(SETTINGS)

status: $(if $(call said,INVENTORY),.venv/deploy.stamp) ## Show the deployment's containers (INVENTORY=: its services and the nodes)
ifeq ($(call said,INVENTORY),)
	@docker ps --all --filter $(LABEL) --filter name=. --format 'table {{.Names}}\t{{.Label "ringmaster.role"}}\t{{.Status}}\t{{.Ports}}'
else
	@$(PLAYBOOK)/status.yml $(SETTINGS)
endif

logs: $(if $(call said,INVENTORY),.venv/deploy.stamp) ## Follow the balancer's log (ROLE=edge for the edge's, ROLE=keeper; INVENTORY=: its end, of all nodes)
ifeq ($(call said,INVENTORY),)
	@docker ps --all --quiet --filter $(LABEL) --filter label=ringmaster.role=$(or $(ROLE),balancer) --filter name=. | \
		xargs --no-run-if-empty --max-args=1 docker logs --tail 100 --follow
else
	@$(PLAYBOOK)/logs.yml $(SETTINGS) $(call extra,ROLE,ringmaster_deployment_log_role)
endif

verify: .venv/deploy.stamp ## Check the running deployment: ready, fleet complete, containers locked down (Swarm: nodes and edges instead), plan empty
	@$(PLAYBOOK)/verify.yml $(SETTINGS)

observe: .venv/deploy.stamp ## Start Prometheus beside the running deployment, with its alerts (OBSERVE_PORT=9090); make down takes it away
	@$(PLAYBOOK)/observe.yml $(SETTINGS) $(call extra,OBSERVE_PORT,ringmaster_prometheus_port)

swarm-up: .venv/deploy.stamp .venv/command.stamp ## Bring the system up on three nodes, which are network namespaces of this machine (as root; docs/several-hosts.md)
	@infra/playground/engines up 3
	@$(call copy_base,$(ON_NODE1))
	@umask 077 && { test -s $(PLAYGROUND)/token || openssl rand -hex 32 >$(PLAYGROUND)/token; }
	@RINGMASTER_TOKEN="$$(cat $(PLAYGROUND)/token)" $(IN_PLAYGROUND)/deploy.yml $(PLAYGROUND_SETTINGS)
	@echo 'The edges: http://10.77.0.11:5000 http://10.77.0.12:5000 http://10.77.0.13:5000 (HTTPS on 5443); control: https://10.77.0.11:5001 and so on.'
	@echo 'The token: export RINGMASTER_TOKEN=$$(cat $(PLAYGROUND)/token)     Stop: make swarm-down'

swarm-down: .venv/deploy.stamp ## Take the three nodes away, and all that runs on them
	-@! $(ON_NODE1) version >/dev/null 2>&1 || \
		RINGMASTER_TOKEN="$$(cat $(PLAYGROUND)/token)" $(IN_PLAYGROUND)/destroy.yml $(PLAYGROUND_SETTINGS)
	@infra/playground/engines down
	@rm -rf $(addsuffix /playground,infra/terraform/.deployments infra/terraform/terraform.tfstate.d)

engine-next: ## Build the newest Docker engine and start it beside this machine's own (as root; first time 3 minutes; docs/engines.md)
	@programs=$$(infra/engine-next/build) && RINGMASTER_PLAYGROUND_PROGRAMS=$$programs $(NEXT_ENGINE) up 1
	@$(call copy_base,$(ON_NEXT))

engine-next-down: ## Stop the newest Docker engine, and remove all that it runs and keeps
	@$(NEXT_ENGINE) down

sbom: .venv/test.stamp ## Write a bill of materials (CycloneDX) of each image of the running deployment into sbom/
	python infra/images/sbom.py $(if $(call said,DEPLOYMENT),$(DEPLOYMENT),ringmaster) sbom

scan: ## Ask Debian's archive for security updates that the running deployment's images lack
	@sh infra/images/scan.sh $(if $(call said,DEPLOYMENT),$(DEPLOYMENT),ringmaster)

images: host ## Build the images that others run, for this processor, and deploy nothing (REGISTRY=registry.example/owner pushes them, too; docs/releasing.md)
	python infra/images/release.py build $(if $(call said,REGISTRY),$(REGISTRY))

release: ## Join what make images pushed for each processor, and print the images by digest (REGISTRY=registry.example/owner TAG=v1.0.0; PROCESSORS=amd64: for that one alone)
	@$(PYTHON) infra/images/release.py join $(REGISTRY) $(TAG) $(if $(call said,PROCESSORS),$(PROCESSORS))

release-notes: ## Print what CHANGELOG.md says of a release (TAG=v1.0.0)
	@$(PYTHON) infra/images/release.py notes $(TAG)

test: host lint unit contract infra e2e ## Everything that CI checks, on a bare machine too (about 30 minutes, 40 where nothing is cached; ENGINE=next: on the newest Docker engine)
	$(if $(ON_ENGINE),,$(MAKE) engine-next)
	@echo 'Testing several hosts$(if $(ON_ENGINE),, and the newest engine, side by side), about 5 minutes'
	$(MAKE) --no-print-directory --keep-going --jobs 2 --output-sync=target HOST_IS_READY=1 SHORT=1 test-swarm $(if $(ON_ENGINE),,test-next)

host: .venv/test.stamp .venv/command.stamp $(if $(ON_ENGINE),engine-next) ## Bring in what tests and deployments need on this machine, and deploy nothing
	@$(PLAYBOOK)/host.yml $(if $(call said,VARS),-e '$(VARS)')

# Every line is run, whatever the others find.
each = $(1) || code=1

lint: host ## Check style, types, playbooks, Terraform, shell scripts and workflows: all parts of it at once, about 2 minutes
	@echo 'Checking Python, YAML, Ansible, Terraform, shell and workflows side by side, about 2 minutes'
	@$(MAKE) --no-print-directory --keep-going --jobs 2 --output-sync=target HOST_IS_READY=1 \
		lint-ansible lint-terraform lint-python lint-yaml lint-shell lint-workflows

lint-python: .venv/test.stamp ## Check Python alone, on any machine
	@code=0; $(call each,ruff check .); $(call each,ruff format --check .); $(call each,mypy); exit $$code

lint-yaml: .venv/test.stamp ## Check YAML alone, on any machine
	yamllint --strict .

lint-ansible: .venv/test.stamp ## Check playbooks and roles alone, on any machine
	ansible-lint infra/ansible

# Terraform's checkers, built once from Go modules, outside the checkout.
TOOLS = $(HOME)/.cache/ringmaster/tools-$(shell sha256sum infra/tools/go.sum | cut -c1-12)
WITH_GO = PATH="$$PATH:/usr/local/go/bin"

$(TOOLS):
	@$(WITH_GO) command -v go >/dev/null || { echo 'terraform-docs and tflint are built with Go, and there is none: install it, and try again.' >&2; exit 1; }
	@echo 'Building terraform-docs and tflint from Go modules, about 3 minutes, once'
	@rm -rf $(dir $@)tools-* && cd infra/tools && $(WITH_GO) CGO_ENABLED=0 go build -trimpath -gcflags=all=-dwarf=false -ldflags '-s -w' -o $@.unfinished/ tool && mv $@.unfinished $@

MODULE = infra/terraform/modules/ringmaster
validated = $(TERRAFORM) -chdir=$(1) init -upgrade -backend=false -input=false -no-color >/dev/null && $(TERRAFORM) -chdir=$(1) validate -no-color
linted = $(TOOLS)/tflint --chdir $(1) --config $(CURDIR)/infra/terraform/.tflint.hcl --no-color

lint-terraform: $(if $(HOST_IS_READY),,provider) $(TOOLS) ## Check Terraform alone: root, module and examples, and the tables of their READMEs; no engine is needed
	@code=0; $(call each,$(TERRAFORM) -chdir=infra/terraform fmt -check -recursive -diff); \
		$(foreach folder,infra/terraform $(MODULE) $(wildcard infra/terraform/examples/*) $(MODULE)/tests/rules,$(call each,$(call validated,$(folder)));) \
		$(foreach folder,infra/terraform $(MODULE) $(wildcard infra/terraform/examples/* $(MODULE)/modules/*),$(call each,$(call linted,$(folder)));) \
		$(call each,$(TOOLS)/terraform-docs --output-check infra/terraform); \
		$(foreach folder,infra/terraform $(MODULE) $(MODULE)/tests/rules,$(call each,$(TERRAFORM) -chdir=$(folder) test -no-color);) \
		exit $$code

provider: .venv/deploy.stamp ## Bring in Terraform and its Docker provider, and nothing else
	@$(PLAYBOOK)/terraform.yml

terraform-docs: $(TOOLS) .venv/test.stamp ## Write the tables of infra/terraform's READMEs, and the rules of a ring, after an edit of variables, outputs or strategies
	PYTHONPATH=apps/balancer/src python infra/terraform/ring.py >$(MODULE)/ring.json
	$(TOOLS)/terraform-docs infra/terraform

lint-shell: .venv/test.stamp ## Check shell scripts alone, on any machine
	grep --recursive --binary-files=without-match --files-with-matches --extended-regexp --exclude=*.md --exclude-dir=wheels --exclude-dir=.terraform \
		'^#!.*[/ ](ba)?sh$$' .ci apps infra loadtests requirements tests | xargs shellcheck

lint-workflows: ## Check the workflows of GitHub alone; it wants Go
	@$(WITH_GO) command -v go >/dev/null || { echo 'actionlint is built with Go, and there is none: install it, and try again.' >&2; exit 1; }
	$(WITH_GO) go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12

# What a CI service reads is in reports/. Tests that take long are listed. Each process of a run would compile all tests anew.
PYTEST = env -u PYTHONDONTWRITEBYTECODE pytest --durations 10 --durations-min 5 --junit-xml reports/$@.xml -o cache_dir=.pytest_cache/$@

# Tests that fail run once more, alone, and the first that fails again ends it (docs/decisions/0035-a-failed-test-runs-again.md).
twice = $(1) || $(1) --numprocesses 0 --dist no --last-failed --last-failed-no-failures none --exitfirst --junit-xml reports/$@-again.xml

# The tests in another order; pytest prints the seed that it took. With SEED= hypothesis draws from it, too.
SHUFFLED = -p randomly $(if $(call said,SEED),--randomly-seed=$(SEED) --hypothesis-seed=$(SEED))

# Twice as many processes as processors: many of these tests wait.
unit: .venv/test.stamp ## Fast tests, without Docker, in any order (SEED=7: in the one of that run)
	$(call twice,$(PYTEST) --numprocesses $$((2 * $$(getconf _NPROCESSORS_ONLN))) $(SHUFFLED) tests/unit)

mutants: .venv/test.stamp ## Change core and service in one place after another; print what no unit test notices (MODULE=core/heartbeat_history)
	tests/mutants.sh $(if $(call said,MODULE),$(MODULE))

# What is slow and rare; something shorter of the same kind always runs.
WITHOUT_LONG = $(if $(call said,LONG),,-m 'not long')

contract: host tools ## The same suite for every adapter, fakes and real ones (LONG=1: with what CI has no time for; SEED=7: in another order)
	$(call twice,$(ON_ENGINE) $(PYTEST) --numprocesses 4 --dist loadfile $(WITHOUT_LONG) $(if $(call said,SEED),$(SHUFFLED)) tests/contract)

infra: host tools ## Tests of the deployed system: containers, network, plan, Ansible, destroy (LONG=1: with those that CI has no time for)
	$(call twice,$(ON_ENGINE) $(PYTEST) --numprocesses 2 $(WITHOUT_LONG) tests/infra $(if $(call said,LONG),tests/infra/interrupted.py))

browser: .venv/test.stamp ## Bring in Chromium and its driver, with which tests look at pages
	@$(PLAYBOOK)/browser.yml

tools: .venv/test.stamp ## Bring in what tests send requests, floods and certificates with
	@$(PLAYBOOK)/tools.yml

e2e: host browser tools ## Tests of the running system, in both data planes, with faults under load (LONG=1: with those that CI has no time for; SEED=7: in another order)
	$(call twice,$(ON_ENGINE) $(PYTEST) --numprocesses 4 --no-loadscope-reorder $(WITHOUT_LONG) $(if $(call said,SEED),$(SHUFFLED) --randomly-dont-reorganize) tests/e2e)

# Each file of the long form has the playground for itself.
test-swarm: $(if $(HOST_IS_READY),,host tools) ## Tests of several hosts, on the playground's engines (as root; no playground may be up; SHORT=1: what CI runs)
ifneq ($(call said,SHORT),)
	$(call twice,$(PYTEST) -m short tests/swarm/test_several_hosts.py)
else
	$(PYTEST) tests/swarm/test_several_hosts.py
	$(PYTEST) --junit-xml reports/$@-nodes.xml tests/swarm/test_swarm_nodes.py
	$(PYTEST) --junit-xml reports/$@-over-ssh.xml tests/swarm/test_swarm_over_ssh.py
	$(PYTEST) --junit-xml reports/$@-brought-along.xml tests/swarm/test_swarm_brought_along.py
	$(PYTEST) --junit-xml reports/$@-servers.xml tests/swarm/test_swarm_runtime.py tests/swarm/test_swarm_servers.py tests/swarm/test_swarm_store.py
endif

test-next: $(if $(HOST_IS_READY),,$(if $(call said,SHORT),host engine-next)) ## Tests on the newest Docker engine (as root; SHORT=1: what CI runs)
ifneq ($(call said,SHORT),)
	$(call twice,$(NEXT_ENGINE) run node1 $(PYTEST) --numprocesses 2 --dist loadfile \
		tests/contract/test_docker_engine.py tests/e2e/test_rebuilt_image.py)
else
	$(MAKE) contract infra e2e ENGINE=next
	$(MAKE) test-next SHORT=1
endif

smoke: host ## Send 10 000 requests through each ring strategy (URL=http://127.0.0.1:5000: through the running deployment)
	python loadtests/smoke.py $(if $(call said,URL),--url $(URL))

chaos: host ## Faults and calls at random under load, 200 of them (FAULTS=1000 SEED=7; RECORD=file for each as JSON)
	python loadtests/chaos/chaos.py $(if $(call said,FAULTS),--faults $(FAULTS)) $(if $(call said,SEED),--seed $(SEED)) \
		$(if $(call said,RECORD),--record $(RECORD)) $(if $(call said,ENGINE),--engine)

busy: host ## Mix slow requests into the load of single-threaded servers: none may fail (MINUTES=1; PLANE=flask)
	python loadtests/faults/measure.py slow --own $(if $(call said,PLANE),$(PLANE)) \
		$(if $(call said,MINUTES),--minutes $(MINUTES))

soak: host ## Wear a deployment for an hour and see whether anything grows (HOURS=8; PLANE=flask; URL= CONTROL_URL=)
	python loadtests/soak.py $(if $(call said,HOURS),--hours $(HOURS)) $(if $(call said,PLANE),--data-plane $(PLANE)) \
		$(if $(call said,URL),--url $(URL)) $(if $(call said,CONTROL_URL),--control-url $(CONTROL_URL))

watching: host browser ## Measure what metrics and page cost at rest with 64 servers (SERVERS=3 SECONDS=60 ROUNDS=3; URL=)
	python loadtests/watching.py $(if $(call said,SERVERS),--servers $(SERVERS)) \
		$(if $(call said,SECONDS),--seconds $(SECONDS)) $(if $(call said,ROUNDS),--rounds $(ROUNDS)) \
		$(if $(call said,URL),--url $(URL)) $(if $(call said,CONTROL_URL),--control-url $(CONTROL_URL))

# URL=http://127.0.0.1:5000 takes the running deployment instead of one of its own, whose image may want another path,
# REQUEST_PATH=/; REQUESTS=1000 is a quicker look.
EXPERIMENT = python loadtests/experiments/run.py $(if $(call said,URL),--url $(URL)) \
	$(if $(call said,CONTROL_URL),--control-url $(CONTROL_URL)) $(if $(call said,REQUESTS),--requests $(REQUESTS)) \
	$(if $(call said,REQUEST_PATH),--path $(REQUEST_PATH))

experiments: host ## A-1 to A-4 with plots and loadtests/results/report.html (URL=: of the running deployment)
	$(EXPERIMENT) a-1 a-2 a-3 a-4

experiment-1: host ## A-1: 10 000 requests over three servers
	$(EXPERIMENT) a-1

experiment-2: host ## A-2: 10 000 requests over two to six servers
	$(EXPERIMENT) a-2

experiment-3: host ## A-3: every endpoint, then faults under load
	$(EXPERIMENT) a-3

experiment-4: host ## A-4: A-1 and A-2 with every request hash and strategy
	$(EXPERIMENT) a-4

bench: host ## Measure the edge beside HAProxy's own hash, nginx, Envoy, Caddy and the flask plane (10 minutes; HAPROXY="haproxy/sid": of edge-next)
	python loadtests/bench/bench.py $(if $(call said,HAPROXY),--haproxy '$(HAPROXY)')
	python loadtests/experiments/report.py

bench-instructions: host ## Count what a request costs the edge, HAProxy's own hash and nginx; fails where the edge's rose by 2 % (SHORT=1, ACCEPT=1, HAPROXY="haproxy/experimental libpcre2-8-0/sid")
	python loadtests/bench/instructions.py $(if $(call said,SHORT),--short) $(if $(call said,ACCEPT),--accept) \
		$(if $(call said,HAPROXY),--haproxy '$(HAPROXY)')

bench-hosts: .venv/test.stamp ## Measure what 100 nodes, 100 edges and 1 000 servers cost: real code, nodes that are simulated
	python loadtests/several_hosts.py

bench-scale: host ## Measure the control plane with 10 and 100 servers (SERVERS="10 100 1000" SLOTS="512 65536" DEATHS=20; as root)
	python loadtests/scale/bench.py $(if $(call said,SERVERS),--servers $(SERVERS)) $(if $(call said,SLOTS),--slots $(SLOTS)) \
		$(if $(call said,DEATHS),--deaths $(DEATHS))

bench-containers: host ## Measure what 30 more and 30 fewer real servers take beside bare containers, and rest with 100 (SERVERS=70 CHANGE=30 ROUNDS=3)
	python loadtests/scale/containers.py $(if $(call said,SERVERS),--servers $(SERVERS)) $(if $(call said,CHANGE),--change $(CHANGE)) \
		$(if $(call said,ROUNDS),--rounds $(ROUNDS))

locust: host ## Open locust's page on the running deployment (URL= CONTROL_URL=; MEMBERSHIP=1: servers come and go)
	locust -f loadtests/locustfile.py,loadtests/shapes --class-picker $(if $(call said,URL),--host $(URL)) \
		$(if $(call said,CONTROL_URL),--control-url $(CONTROL_URL)) $(if $(call said,MEMBERSHIP),PlainUser MembershipUser)

bench-ring: .venv/test.stamp ## Measure the ring beside uhashring, and an edge's swap (5 minutes)
	python loadtests/ring/bench.py

bench-placement: .venv/test.stamp ## Measure how long slot tables take, beside the clear forms of the strategies (2 minutes)
	python loadtests/ring/placement.py --clear

figures: .venv/test.stamp ## Draw docs/figures again from what the code computes
	python loadtests/ring/figures.py

screenshots: host browser ## Draw the page's pictures in docs/figures again (CONTROL_URL=http://127.0.0.1:5001: of the running deployment)
	PYTHONPATH=apps/balancer/src:. python -m tests.screenshots $(if $(call said,CONTROL_URL),--control-url $(CONTROL_URL))

fmt: .venv/test.stamp ## Format Python and Terraform (make terraform-docs: the tables of its READMEs)
	ruff check --fix .
	ruff format .
	terraform -chdir=infra/terraform fmt -recursive

lock: .venv/test.stamp ## Resolve the lock files again (UPGRADE=1 for the newest versions)
	requirements/lock.sh $(if $(UPGRADE),--upgrade)

clean: ## Remove what make put into this folder; deployments and their state stay
	rm -rf .venv .ansible sbom reports .mypy_cache .pytest_cache .ruff_cache .hypothesis apps/*/wheels

.venv/deploy.stamp: requirements/deploy.txt
	@requirements/install.sh $<
	@touch $@

# The tests' list contains the deployment's.
.venv/test.stamp: requirements/test.txt
	@requirements/install.sh $<
	@touch .venv/deploy.stamp $@

.venv/command.stamp: .venv/deploy.stamp requirements/command.sh apps/balancer/pyproject.toml apps/balancer/src/balancer/__init__.py $(shell find apps/balancer/src/ringmaster -name '*.py')
	@requirements/command.sh
	@touch $@

GO          ?= go
PYTHON      ?= python3
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

# Other systems that the program must build for.
PLATFORMS := linux/arm64 darwin/arm64 windows/amd64

MODEL ?= all
ARGS  ?=

KERAS := models/testdata/keras
EXCHANGE := models/exchange/keras/testdata

.PHONY: help run test check format vet staticcheck generated race tiers noasm cross arm64 bench bench-setup microbench fuzz soak golden keras exchange-demo

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## train every model (MODEL=mnist-dense ARGS='-epochs 1 -limit 2048' for less)
	$(GO) run . -model '$(MODEL)' $(ARGS)

test: ## all tests, with a small real training of each model
	$(GO) test -timeout 20m ./...

check: format vet staticcheck generated race tiers noasm cross arm64 ## everything CI checks besides make test

format: ## gofmt has nothing to say
	@unformatted=$$(gofmt -l $$(git ls-files --cached --others --exclude-standard '*.go')) && \
	if [ -n "$$unformatted" ]; then echo "not formatted (gofmt -w):"; echo "$$unformatted"; exit 1; fi

vet: ## go vet
	$(GO) vet ./...

staticcheck: ## staticcheck, in its pinned version
	$(GO) run $(STATICCHECK) ./...

ASSEMBLY := 'models/kernel/*_asm_amd64.s' 'models/kernel/*_asm_amd64.go'

generated: ## the committed assembly is what its generator writes
	cd models/kernel/_generate && $(GO) vet . && rm -f ../*_asm_amd64.s ../*_asm_amd64.go && $(GO) run . ..
	@changed=$$(git status --porcelain -- $(ASSEMBLY)) && \
	if [ -n "$$changed" ]; then echo "not what the generator writes; commit what it has written now:"; echo "$$changed"; exit 1; fi

tiers: ## kernels, ops, layers and Keras parity with each set of kernels that this machine has
	@$(GO) build -o /dev/null . && for tier in portable avx2 avx512; do \
		if [ $$tier != portable ] && ZOO_KERNEL=$$tier $(GO) run . -version 2>&1 | grep "has no $$tier kernels"; then continue; fi; \
		echo "ZOO_KERNEL=$$tier"; \
		ZOO_KERNEL=$$tier $(GO) test -count=1 ./models ./models/kernel ./models/op ./models/layer || exit 1; \
	done

race: ## the short tests under the race detector
	CGO_ENABLED=1 $(GO) test -race -short -timeout 20m ./...
	ZOO_KERNEL=portable CGO_ENABLED=1 $(GO) test -race -short ./models/op ./models/layer ./train

noasm: ## vet and the short tests without assembly
	$(GO) vet -tags noasm ./...
	$(GO) test -tags noasm -short ./...

cross: ## build for other systems, tests too
	@for platform in $(PLATFORMS); do \
		echo "building for $$platform"; \
		GOOS=$${platform%/*} GOARCH=$${platform#*/} CGO_ENABLED=0 $(GO) vet ./... || exit 1; \
		GOOS=$${platform%/*} GOARCH=$${platform#*/} CGO_ENABLED=0 $(GO) build -o /dev/null . || exit 1; \
	done

arm64: ## the kernels' tests on an emulated arm64 (Debian's qemu-user, installed if it is missing and this is root)
	@command -v qemu-aarch64 >/dev/null || { apt-get update -qq && apt-get install -qq -y qemu-user >/dev/null; }
	GOARCH=arm64 CGO_ENABLED=0 $(GO) test -short -exec qemu-aarch64 ./models/kernel

bench: ## time, memory and profile of every model (after make bench-setup, ARGS=-compare has Keras and PyTorch beside them)
	$(GO) run . bench -model '$(MODEL)' $(ARGS)

bench-setup: .venv-bench/installed ## Keras and PyTorch for bench -compare, in .venv-bench: 5.5 GB

.venv-bench/installed: internal/bench/requirements.txt $(KERAS)/requirements.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/pip install --quiet --no-deps --requirement $<
	touch $@

# Each fuzz target of the project is fuzzed for so long.
FUZZTIME ?= 60s

fuzz: ## every fuzz target for FUZZTIME (60s)
	@grep -rHo --include='*_test.go' '^func Fuzz[A-Za-z0-9]*' . | sort | while IFS=: read -r file target; do \
		echo "$$(dirname $$file) $${target#func }"; \
		$(GO) test -run '^$$' -fuzz "^$${target#func }$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5x "$$(dirname $$file)" || exit 1; \
	done

# How long the soak test trains, saves, resumes, evaluates and predicts.
SOAK ?= 30m

soak: ## train, save, resume, evaluate and predict for SOAK (30m) in one process; memory, goroutines and files stay flat
	ZOO_SOAK=$(SOAK) $(GO) test -count=1 -timeout 0 -v -run '^TestSoak$$' ./internal/cli

microbench: ## Go's benchmarks of the kernels, ops and files
	$(GO) test -run '^$$' -bench . -benchmem ./models/kernel ./models/op ./models/exchange

golden: .venv/installed ## write the fixtures of Keras's networks, files and callbacks again, with real Keras in .venv
	.venv/bin/python $(KERAS)/dump.py --all
	.venv/bin/python train/testdata/callbacks/dump.py
	.venv/bin/python $(EXCHANGE)/dump.py

keras: .venv/installed ## parity with real Keras from weights and pictures of its own choice, the benchmark's side of Keras, our files read by Python and Keras, and Keras's here
	rm -rf .golden && mkdir .golden
	for model in mnist-dense mnist-seq fashion-func; do \
		.venv/bin/python $(KERAS)/dump.py --model $$model --seed 11 --batch 4 --steps 3 --lr 1e-4 --out .golden/$$model.safetensors || exit 1; \
	done
	ZOO_GOLDEN=.golden $(GO) test -count=1 ./models -run Keras
	$(GO) test -count=1 ./internal/bench -run CompareScript
	@command -v h5dump >/dev/null || { apt-get update -qq && apt-get install -qq -y hdf5-tools >/dev/null; }
	ZOO_PYTHON=$(CURDIR)/.venv/bin/python $(GO) test -count=1 -timeout 20m ./models/weights ./models/exchange/... ./train/tensorboard -run Python

exchange-demo: .venv/installed ## train fashion-seq here, go on in Keras, bring it back: four accuracies that agree
	models/exchange/demo/demo.sh .venv/bin/python runs/exchange

.venv/installed: $(KERAS)/requirements.txt train/tensorboard/testdata/requirements.txt models/exchange/onnx/testdata/requirements.txt
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet $(^:%=--requirement %)
	touch $@

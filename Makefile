# Front door. Everything real is in meson.build and tools/.
.DEFAULT_GOAL := help
# Named outright: where ccache is installed, Meson would write "ccache cc" into the list of compile
# commands, which clang-tidy cannot read.
export CC ?= cc
.PHONY: help build run test soak lint fuzz bench fmt clean

PORT ?= 8119
SCALE ?= 1

help:
	@echo 'make build   build/huozheng (installs what is missing first)'
	@echo 'make run     a demo city in ./demo, served on http://127.0.0.1:$(PORT)'
	@echo 'make test    everything that must hold, in minutes'
	@echo 'make soak    the same at full size: 1,000,000 units, 50 kills; hours (FUZZ=60: a minute each parser)'
	@echo 'make lint    format, clang-tidy, layer law'
	@echo 'make fuzz    every parser, SECONDS=60 each'
	@echo 'make bench   the figures of docs/benchmarks.md, each beside its comparison'
	@echo 'make fmt     formats the C code'
	@echo 'make clean   removes build folders; keeps ./demo'

build:
	@tools/setup build
	@[ -f build/build.ninja ] || meson setup build -Dwerror=false
	@ninja -C build huozheng

run: build
	@tools/run --port $(PORT) --scale $(SCALE)

test:
	@tools/setup test
	@tools/test

soak:
	@tools/setup test
	@tools/test --soak $(if $(FUZZ),--fuzz-seconds $(FUZZ))

lint:
	@tools/setup test
	@tools/lint

SECONDS ?= 60
fuzz:
	@tools/setup test
	@tools/test --only fuzz --fuzz-seconds $(SECONDS)

bench: build
	@tools/setup test
	@python3 bench/run.py

fmt:
	@git ls-files '*.c' '*.h' | xargs clang-format -i

clean:
	rm -rf build build-asan build-clang build-fuzz build-assets

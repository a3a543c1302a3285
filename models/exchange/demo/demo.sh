#!/bin/sh
# Trains fashion-seq here for an epoch, goes on in Keras for another and brings the model back. Both sides
# evaluate it twice, after the first epoch and after the second; fails where they do not agree.
#
# usage: demo.sh PYTHON FOLDER   (from the root of the repository; make exchange-demo has a Python with Keras)
set -eu
python=$1 out=$2
here=$(dirname "$0")

run() {
	printf '\n$ %s\n' "$*"
	"$@"
}

run go run . -model fashion-seq -epochs 1 -force -out "$out"
run go run . export -weights "$out/fashion-seq/last.safetensors" -o "$out/zoo.keras"
run "$python" "$here/demo.py" continue "$out"
run go run . import -model fashion-seq -weights "$out/continued.keras" -o "$out/back.safetensors"
printf '\n$ go run . evaluate -json -weights ...   (both)\n'
go run . evaluate -json -weights "$out/fashion-seq/last.safetensors" >"$out/zoo.json"
go run . evaluate -json -weights "$out/back.safetensors" >"$out/back.json"
run "$python" "$here/demo.py" compare "$out"

package train

import (
	"bytes"
	"errors"
	"flag"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// finished is a result as results.json may hold it.
func finished() Result {
	return Result{
		Name: "mnist-seq",
		Settings: Settings{
			Model: "mnist-seq", Dataset: "mnist", Fingerprint: "sha256:0123", Limit: 2048,
			Epochs: 3, Batch: 32, LearningRate: .01, Momentum: .9, Decay: .01 / 11,
			Seed: math.MaxUint64, Kernels: "avx512", Workers: 2,
		},
		Versions:   Versions{Zoo: "1.0.0", Go: "go1.26.8", Gorgonia: "v0.9.18", Tensor: "v0.9.24"},
		Machine:    Machine{CPU: "a processor", Cores: 2, OS: "linux", Arch: "amd64"},
		Parameters: 902154,
		Started:    time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC),
		Finished:   time.Date(2026, 11, 22, 10, 1, 0, 5e6, time.UTC),
		Final:      Epoch{Epoch: 3, Loss: .1, Accuracy: .97, ValLoss: .2, ValAccuracy: .95, Seconds: 20, MsPerStep: 42.5, LearningRate: .008},
		Best:       Epoch{Epoch: 2, Loss: .2, Accuracy: .96, ValLoss: .1, ValAccuracy: .96, Seconds: 20, MsPerStep: 42.25, LearningRate: .009},
		Test:       &Evaluation{Samples: 2048, Loss: .125, Accuracy: .955},
		Seconds:    60,
		MsPerStep:  42.25,
	}
}

func encode(t *testing.T, r Result) string {
	t.Helper()
	var file strings.Builder
	if err := r.WriteJSON(&file); err != nil {
		t.Fatal(err)
	}
	return file.String()
}

var update = flag.Bool("update", false, "rewrite the files in testdata")

func TestResultGolden(t *testing.T) {
	path, got := filepath.Join("testdata", "results.json"), encode(t, finished())
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestResultRoundTrip(t *testing.T) {
	untested := finished()
	untested.Test = nil
	for _, want := range []Result{finished(), untested} {
		got, err := ReadResult(strings.NewReader(encode(t, want)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-written +read)\n%s", diff)
		}
	}
}

// Every number comes back to the bit: they are compared with those asked for.
func TestSettingsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := finished()
		s := &want.Settings
		s.Dataset, s.Fingerprint = rapid.String().Draw(t, "dataset"), rapid.String().Draw(t, "fingerprint")
		s.LearningRate, s.Decay = rapid.Float64Range(0, 1).Draw(t, "lr"), rapid.Float64Range(0, 1).Draw(t, "decay")
		s.Seed, s.Limit = rapid.Uint64().Draw(t, "seed"), rapid.IntRange(0, 60000).Draw(t, "limit")
		var file bytes.Buffer
		if err := want.WriteJSON(&file); err != nil {
			t.Fatal(err)
		}
		got, err := ReadResult(&file)
		if err != nil {
			t.Fatal(err)
		}
		if difference := want.Settings.Difference(got.Settings); difference != "" || got.Settings != want.Settings {
			t.Fatalf("changed on the way: %s", difference)
		}
	})
}

func TestReadResultRefuses(t *testing.T) {
	good := encode(t, finished())
	replace := func(from, to string) string {
		if !strings.Contains(good, from) {
			t.Fatalf("the text holds no %q", from)
		}
		return strings.Replace(good, from, to, 1)
	}
	for _, test := range []struct{ name, text, want string }{
		{"empty", "", "not a result: EOF"},
		{"cut off", good[:100], "not a result: unexpected EOF"},
		{"no JSON", "epoch,loss\n", "not a result: line 1: invalid character 'e' looking for beginning of value"},
		{"a comma", replace(`"mnist-seq",`, `"mnist-seq"`), "not a result: line 3: invalid character '\"' after object key:value pair"},
		{"a list", "[]", "not a result: line 1: json: cannot unmarshal array into Go value of type train.Result"},
		{"a text for a number", replace(`"batch": 32`, `"batch": "32"`), "not a result: line 9: json: cannot unmarshal string into Go struct field Settings.settings.batch of type int"},
		{"unknown field", replace(`"batch"`, `"batches"`), `not a result: json: unknown field "batches"`},
		{"no setting", replace(`"batch": 32,`, ``), "not a result: the field settings.batch is missing"},
		{"no test accuracy", replace(`"loss": 0.125,`, ``), "not a result: the field test.loss is missing"},
		{"null", "null", "not a result: the field best is missing"},
		{"more text", good + "{}", "not a result: text after the end"},
		{"another model", replace(`"name": "mnist-seq"`, `"name": "mnist-func"`), `not a result: name "mnist-func", but settings of model "mnist-seq"`},
		{"no parameters", replace(`902154`, `0`), "not a result: 0 parameters"},
		{"time", replace(`2026-11-22T10:00`, `2027-11-22T10:00`), "not a result: finished 2026-11-22 10:01:00.005 +0000 UTC, before it started"},
		{"final epoch", replace(`"epoch": 3`, `"epoch": 4`), "not a result: ends with epoch 4 of 3"},
		{"best epoch", replace(`"epoch": 2`, `"epoch": 0`), "not a result: best in epoch 0 of 3"},
		{"accuracy", replace(`0.97`, `97`), "not a result: epoch 3: accuracy: 97 is not a number from 0 to 1"},
		{"test loss", replace(`0.125`, `-1`), "not a result: test loss -1, accuracy 0.955"},
		{"test samples", replace(`"samples": 2048`, `"samples": 0`), "not a result: tested on 0 samples"},
		{"seconds", replace(`"seconds": 60`, `"seconds": -60`), "not a result: -60 seconds, 42.25 ms per step"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := ReadResult(strings.NewReader(test.text)); err == nil || err.Error() != test.want {
				t.Errorf("error %v\n want %s", err, test.want)
			}
		})
	}
}

func TestWriteJSONRefuses(t *testing.T) {
	for want, r := range map[string]Result{
		"result of mnist-seq: ends with epoch 0 of 3":   NewResult(finished().Settings, Versions{}, 1, nil, time.Time{}, time.Time{}),
		`result of : name "", but settings of model ""`: {},
	} {
		var out strings.Builder
		if err := r.WriteJSON(&out); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		if out.Len() > 0 {
			t.Errorf("%d bytes written in spite of the error", out.Len())
		}
	}
	full := fullAfter(10)
	if err := finished().WriteJSON(&full); !errors.Is(err, errFull) {
		t.Errorf("error %v, want %v", err, errFull)
	}
}

func TestNewResult(t *testing.T) {
	h := History{
		{Epoch: 1, ValAccuracy: .5, Seconds: 3, MsPerStep: 30},
		{Epoch: 2, ValAccuracy: .75, Seconds: 2, MsPerStep: 10},
		{Epoch: 3, ValAccuracy: .75, Seconds: 2, MsPerStep: 20.123456},
	}
	started := time.Date(2026, 11, 22, 10, 0, 0, 123456789, time.FixedZone("there", 3600))
	settings := finished().Settings
	versions := TheseVersions("1.2.3")
	got := NewResult(settings, versions, 7, h, started, started.Add(7*time.Second))
	want := Result{
		Name: "mnist-seq", Settings: settings, Versions: versions, Machine: ThisMachine(), Parameters: 7,
		Started:  time.Date(2026, 11, 22, 9, 0, 0, 123e6, time.UTC),
		Finished: time.Date(2026, 11, 22, 9, 0, 7, 123e6, time.UTC),
		Final:    h[2], Best: h[1], Seconds: 7, MsPerStep: 20.12,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if text := encode(t, got); strings.Contains(text, `"test"`) {
		t.Errorf("a test evaluation that was not made:\n%s", text)
	}
}

func TestMedianMsPerStep(t *testing.T) {
	for _, test := range []struct {
		times []float64
		want  float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{4, 1}, 2.5}, {[]float64{9, 1, 5}, 5}, {[]float64{9, 1, 5, 6}, 5.5}} {
		var h History
		for _, ms := range test.times {
			h = append(h, Epoch{MsPerStep: ms})
		}
		if got := h.MedianMsPerStep(); got != test.want {
			t.Errorf("median of %v is %v, want %v", test.times, got, test.want)
		}
	}
}

// Each setting that differs is found and named after its field in results.json.
func TestDifferenceFindsEverySetting(t *testing.T) {
	there := finished().Settings
	kind := reflect.TypeOf(there)
	for i := range kind.NumField() {
		asked := there
		field := reflect.ValueOf(&asked).Elem().Field(i)
		switch field.Kind() {
		case reflect.String:
			field.SetString("other")
		case reflect.Int:
			field.SetInt(64)
		case reflect.Uint64:
			field.SetUint(5)
		case reflect.Float64:
			field.SetFloat(.25)
		case reflect.Bool:
			field.SetBool(!field.Bool())
		default:
			t.Fatalf("%s: a %v cannot be compared", kind.Field(i).Name, field.Kind())
		}
		name, _, _ := strings.Cut(kind.Field(i).Tag.Get("json"), ",")
		name = strings.ReplaceAll(name, "_", " ")
		if got := there.Difference(asked); name == "" || !strings.HasPrefix(got, name+" ") {
			t.Errorf("%s: difference %q", kind.Field(i).Name, got)
		}
	}
}

func TestDifference(t *testing.T) {
	there := finished().Settings
	asked := there
	if got := there.Difference(asked); got != "" {
		t.Errorf("equal settings differ: %s", got)
	}
	asked.Seed = 7
	asked.Batch = 64
	if got, want := there.Difference(asked), "batch 32 there, 64 asked"; got != want {
		t.Errorf("difference %q, want %q", got, want)
	}
	asked = there
	asked.LearningRate = .02
	if got, want := there.Difference(asked), "learning rate 0.01 there, 0.02 asked"; got != want {
		t.Errorf("difference %q, want %q", got, want)
	}
}

func TestThisMachine(t *testing.T) {
	m := ThisMachine()
	if m.CPU == "" || m.Cores != runtime.NumCPU() || m.OS != runtime.GOOS || m.Arch != runtime.GOARCH {
		t.Errorf("%+v", m)
	}
}

func TestTheseVersions(t *testing.T) {
	want := Versions{Zoo: "1.2.3", Go: runtime.Version(), Gorgonia: "unknown", Tensor: "unknown"}
	if got := TheseVersions("1.2.3"); got != want { // a test binary does not record its modules
		t.Errorf("%+v, want %+v", got, want)
	}
	modules := []*debug.Module{{Path: "gorgonia.org/tensor", Version: "v0.9.24"}, {Path: "gorgonia.org/gorgonia", Version: "v0.9.18"}}
	if got := version(modules, "gorgonia.org/gorgonia"); got != "v0.9.18" {
		t.Errorf("gorgonia %s, want v0.9.18", got)
	}
}

// FuzzReadResult: whatever is read can be written and read again.
func FuzzReadResult(f *testing.F) {
	var file bytes.Buffer
	if err := finished().WriteJSON(&file); err != nil {
		f.Fatal(err)
	}
	f.Add(file.String())
	f.Add(`{"name":"x"}`)
	f.Add(`null`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ReadResult(strings.NewReader(text))
		if err != nil {
			return
		}
		again, err := ReadResult(strings.NewReader(encode(t, r)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, again); diff != "" {
			t.Fatalf("(-first +second)\n%s", diff)
		}
	})
}

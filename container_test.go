package apotheca_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

type composeFile struct {
	Services map[string]composeService `yaml:"services"`
	Volumes  map[string]any            `yaml:"volumes"`
}

type composeService struct {
	Image       string            `yaml:"image"`
	Build       string            `yaml:"build"`
	Ports       []string          `yaml:"ports"`
	Privileged  bool              `yaml:"privileged"`
	ReadOnly    bool              `yaml:"read_only"`
	CapDrop     []string          `yaml:"cap_drop"`
	Environment map[string]string `yaml:"environment"`
	Volumes     []string          `yaml:"volumes"`
	Healthcheck struct {
		Test []string `yaml:"test"`
	} `yaml:"healthcheck"`
	DependsOn map[string]struct {
		Condition string `yaml:"condition"`
	} `yaml:"depends_on"`
}

// pinned is an image whose tag begins with a version of two parts or more.
var pinned = regexp.MustCompile(`^[a-z/.]+:\d+\.\d+[\w.-]*$`)

// TestComposeFile: no container engine runs here, so that the rules are
// checked on the file.
func TestComposeFile(t *testing.T) {
	t.Parallel()
	compose := readCompose(t)
	for name, service := range compose.Services {
		if service.Build == "" && !pinned.MatchString(service.Image) {
			t.Errorf("%s: image %q has no version", name, service.Image)
		}
		if len(service.Ports) > 0 || service.Privileged {
			t.Errorf("%s opens ports or is privileged", name)
		}
		for key, value := range service.Environment {
			if strings.Contains(key, "PASSWORD") && value != "${POSTGRES_PASSWORD:?set it}" {
				t.Errorf("%s: %s is %q; it must come from the environment and have no default", name, key, value)
			}
		}
		if len(service.Volumes) == 0 {
			t.Errorf("%s keeps nothing", name)
		}
		for _, volume := range service.Volumes {
			source, _, _ := strings.Cut(volume, ":")
			if _, declared := compose.Volumes[source]; !declared {
				t.Errorf("%s: volume %q is not declared", name, source)
			}
		}
	}
	database, pipeline := compose.Services["postgres"], compose.Services["pipeline"]
	if !slices.Contains(database.Healthcheck.Test, "pg_isready") {
		t.Error("nobody asks whether the database is ready")
	}
	if got := pipeline.DependsOn["postgres"].Condition; got != "service_healthy" {
		t.Errorf("the pipeline waits for %q, want service_healthy", got)
	}
	if !pipeline.ReadOnly || !slices.Contains(pipeline.CapDrop, "ALL") {
		t.Error("the pipeline's container can do more than it needs")
	}
	for inPipeline, inDatabase := range map[string]string{
		"PGUSER": "POSTGRES_USER", "PGDATABASE": "POSTGRES_DB", "PGPASSWORD": "POSTGRES_PASSWORD",
	} {
		if got, want := pipeline.Environment[inPipeline], database.Environment[inDatabase]; got != want || got == "" {
			t.Errorf("%s is %q, and the database's %s is %q", inPipeline, got, inDatabase, want)
		}
	}
}

// TestDockerfile: built in one stage, shipped in another without a system, not
// as root, by the Go that go.mod asks for.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	text := readText(t, "Dockerfile")
	stages := regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(text, -1)
	if len(stages) != 2 || stages[1][1] != "scratch" {
		t.Fatalf("stages are %v, want one to build and one from scratch", stages)
	}
	version := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(readText(t, "go.mod"))[1]
	if image := stages[0][1]; !pinned.MatchString(image) || !strings.HasPrefix(image, "golang:"+version) {
		t.Errorf("built by %s, want golang:%s…", image, version)
	}
	_, shipped, _ := strings.Cut(text, "FROM scratch")
	if user := regexp.MustCompile(`(?m)^USER ([1-9]\d*):([1-9]\d*)$`); !user.MatchString(shipped) {
		t.Error("the image does not name a user by number that is not root")
	}
	for _, needed := range []string{"\nENTRYPOINT [\"/apotheca\"]\n", "\nVOLUME /data\n", "\nHEALTHCHECK "} {
		if !strings.Contains(shipped, needed) {
			t.Errorf("the image has no %q", strings.TrimSpace(needed))
		}
	}
	if strings.Contains(strings.ToUpper(text), "PASSWORD") {
		t.Error("a password would stay in the image")
	}
	ignored := strings.Fields(readText(t, ".dockerignore"))
	for _, name := range []string{".git", "bin", "**/apotheca-data", "**/*.duckdb", "**/.env"} {
		if !slices.Contains(ignored, name) {
			t.Errorf(".dockerignore lets %s into the build", name)
		}
	}
}

func readCompose(t *testing.T) composeFile {
	t.Helper()
	var compose composeFile
	dec := yaml.NewDecoder(strings.NewReader(readText(t, "compose.yaml")))
	if err := dec.Decode(&compose); err != nil {
		t.Fatalf("compose.yaml: %v", err)
	}
	if len(compose.Services) != 2 {
		t.Fatalf("%d services, want the database and the pipeline", len(compose.Services))
	}
	return compose
}

func readText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

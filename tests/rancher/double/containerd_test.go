package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func configAt(t *testing.T, text string) *Config {
	t.Helper()
	directory := t.TempDir()
	file := filepath.Join(directory, "config.yaml")
	text += "\ndata-dir: " + filepath.Join(directory, "data") + "\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := LoadConfig(distroK3s, "agent", []string{"--config=" + file, "--server=https://a:6443"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRegistriesBecomeHostsFiles(t *testing.T) {
	directory := t.TempDir()
	file := filepath.Join(directory, "registries.yaml")
	put(t, file, `
mirrors:
  docker.io: {endpoint: ["https://mirror.test:5000", "http://other.test/v2/cache"]}
  "*": {endpoint: ["mirror.test:5000"]}
configs:
  mirror.test:5000:
    auth: {username: me, password: secret}
    tls: {ca_file: /etc/ca.pem, insecure_skip_verify: true}
  alone.test: {tls: {cert_file: /c, key_file: /k}}
`)
	c := configAt(t, "private-registry: "+file)
	all, err := readRegistries(c)
	if err != nil {
		t.Fatal(err)
	}
	certs := filepath.Join(directory, "certs.d")
	if err := all.writeHosts(certs, false); err != nil {
		t.Fatal(err)
	}
	for name, wanted := range map[string][]string{
		"docker.io": {
			`server = "https://registry-1.docker.io/v2"`, `[host."https://mirror.test:5000/v2"]`,
			`  ca = ["/etc/ca.pem"]`, `  skip_verify = true`,
			"[host.\"http://other.test/v2/cache\"]\n  capabilities = [\"pull\", \"resolve\"]\n" +
				"  override_path = true",
		},
		"_default":   {`[host."https://mirror.test:5000/v2"]`},
		"alone.test": {`server = "https://alone.test/v2"`, `client = [["/c", "/k"]]`},
	} {
		raw, err := os.ReadFile(filepath.Join(certs, name, "hosts.toml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range wanted {
			if !strings.Contains(string(raw), one) {
				t.Errorf("%s: no %s in\n%s", name, one, raw)
			}
		}
	}
	auth := all.authTOML()
	if !strings.Contains(auth, `configs."mirror.test:5000".auth]`) ||
		!strings.Contains(auth, `password = "secret"`) {
		t.Errorf("no credentials in %q", auth)
	}
}

func TestWithoutDefaultEndpointTheLastMirrorIsTheServer(t *testing.T) {
	file := filepath.Join(t.TempDir(), "registries.yaml")
	put(t, file, `mirrors: {docker.io: {endpoint: ["https://mirror.test"]}}`)
	all, err := readRegistries(configAt(t, "private-registry: "+file))
	if err != nil {
		t.Fatal(err)
	}
	text, err := all.hostsTOML("docker.io", all.Mirrors["docker.io"].Endpoint, true)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text, `server = "https://mirror.test/v2"`) ||
		strings.Contains(text, "registry-1") {
		t.Error(text)
	}
}

func TestRewritesAreRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "registries.yaml")
	put(t, file, `mirrors: {docker.io: {endpoint: ["https://m.test"], rewrite: {"^a": "b"}}}`)
	if _, err := readRegistries(configAt(t, "private-registry: "+file)); err == nil {
		t.Error("rewrites were ignored")
	}
}

func TestAUsersTemplateExtendsTheBase(t *testing.T) {
	c := configAt(t, "pause-image: example.test/pause:1")
	put(t, c.Dir("agent", "etc", "containerd", "config-v3.toml.tmpl"),
		"{{ template \"base\" . }}\n# mine in {{ .Dir }}\n")
	text, err := containerdConfig(c, "/bin-of-ours", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, wanted := range []string{
		`sandbox = "example.test/pause:1"`, `bin_dirs = ["/bin-of-ours/cni"]`,
		"# mine in " + c.Dir("agent"), `snapshotter = "overlayfs"`,
	} {
		if !strings.Contains(string(text), wanted) {
			t.Errorf("no %s in\n%s", wanted, text)
		}
	}
}

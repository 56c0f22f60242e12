package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func load(t *testing.T, d Distro, role, text string, argv ...string) (*Config, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return LoadConfig(d, role, append([]string{"--config", file}, argv...))
}

func loaded(t *testing.T, d Distro, role, text string, argv ...string) *Config {
	t.Helper()
	c, err := load(t, d, role, text, argv...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestFlagsWinOverFiles(t *testing.T) {
	c := loaded(t, distroK3s, "server", "token: a\ntls-san: [one, 'two,three']\ncluster-init: true\n",
		"--token=b", "--node-label", "x=1", "--node-label=y=2")
	if got := c.Get("token"); got != "b" {
		t.Errorf("token is %q", got)
	}
	if got := c.List("tls-san"); !reflect.DeepEqual(got, []string{"one", "two", "three"}) {
		t.Errorf("tls-san is %q", got)
	}
	if got := c.List("node-label"); !reflect.DeepEqual(got, []string{"x=1", "y=2"}) {
		t.Errorf("node-label is %q", got)
	}
	if !c.Bool("cluster-init") || c.Bool("disable-agent") {
		t.Error("flags are wrong")
	}
	if got := c.Get("cluster-cidr"); got != "10.42.0.0/16" {
		t.Errorf("cluster-cidr is %q", got)
	}
}

func TestDropInsReplaceAndAdd(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yaml")
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(file, "node-label: [a=1]\nnode-taint: [k=v:NoSchedule]\n")
	if err := os.Mkdir(file+".d", 0o700); err != nil {
		t.Fatal(err)
	}
	write(file+".d/10.yaml", "node-label+: [b=2]\n")
	write(file+".d/20.yaml", "node-taint: [z=v:NoExecute]\n")
	c, err := LoadConfig(distroRKE2, "agent", []string{"-c", file})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.List("node-label"); !reflect.DeepEqual(got, []string{"a=1", "b=2"}) {
		t.Errorf("node-label is %q", got)
	}
	if got := c.List("node-taint"); !reflect.DeepEqual(got, []string{"z=v:NoExecute"}) {
		t.Errorf("node-taint is %q", got)
	}
}

func TestWhatIsNotAnOptionIsRefused(t *testing.T) {
	for _, one := range []struct {
		d          Distro
		role, text string
		argv       []string
		want       string
	}{
		{distroK3s, "server", "tls-sans: [x]\n", nil, "flag provided but not defined: -tls-sans"},
		{distroK3s, "agent", "tls-san: [x]\n", nil, "flag provided but not defined: -tls-san"},
		{distroK3s, "server", "cni: canal\n", nil, "flag provided but not defined: -cni"},
		{distroRKE2, "server", "flannel-backend: none\n", nil, "not defined: -flannel-backend"},
		{distroK3s, "server", "", []string{"--no-such"}, "flag provided but not defined: -no-such"},
		{distroK3s, "server", "", []string{"--token"}, "flag needs an argument: -token"},
		{distroK3s, "server", "cluster-init: maybe\n", nil, `invalid boolean value "maybe"`},
		{distroK3s, "server", "token: [a, b]\n", nil, "token takes one value, 2 are given"},
		{distroK3s, "server", "kubelet-arg: [--v=4]\n", nil, "without dashes"},
		{distroK3s, "server", "token: [\n", nil, "failed to load config"},
	} {
		_, err := load(t, one.d, one.role, one.text, one.argv...)
		if err == nil || !strings.Contains(err.Error(), one.want) {
			t.Errorf("%q %q: got %v, expected %q", one.text, one.argv, err, one.want)
		}
	}
}

func TestArguments(t *testing.T) {
	c := loaded(t, distroK3s, "server",
		"kubelet-arg: [v=4, 'feature-gates=A=true,B=false', config=/x, config=/y, quick]\n")
	got := c.Arguments("kubelet-arg", map[string]string{"v": "2", "address": "::"})
	want := []string{
		"--address=::", "--config=/x", "--config=/y", "--feature-gates=A=true,B=false",
		"--quick=true", "--v=4",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("arguments are %q", got)
	}
}

func TestTokenFromFileAndEnvironment(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := loaded(t, distroK3s, "server", "token-file: "+file+"\n")
	if got, err := c.Token(); got != "secret" || err != nil {
		t.Errorf("token is %q, %v", got, err)
	}
	t.Setenv("K3S_TOKEN", "from-environment")
	c = loaded(t, distroK3s, "server", "")
	if got, _ := c.Token(); got != "from-environment" {
		t.Errorf("token is %q", got)
	}
	c = loaded(t, distroK3s, "server", "token-file: /no/such\n")
	c.Set("token")
	if _, err := c.Token(); err == nil {
		t.Error("a token file that is not there must be an error")
	}
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"text/template"
	"time"
)

const (
	containerdState  = "/run/k3s/containerd"
	containerdSocket = containerdState + "/containerd.sock"
	pauseImage       = "kplay.local/pause:3.10.2"
	capSysResource   = 24 // linux/capability.h
)

// containerdBase is the configuration that config-v3.toml.tmpl may extend as template "base".
const containerdBase = `# Written at each start; what is to stay goes into config-v3.toml.tmpl or config-v3.toml.d.
version = 3
imports = ["{{ .Dir }}/etc/containerd/config-v3.toml.d/*.toml"]
root = "{{ .Dir }}/containerd"
state = "{{ .State }}"

[grpc]
  address = "{{ .State }}/containerd.sock"

[plugins.'io.containerd.internal.v1.opt']
  path = "{{ .Dir }}/containerd"

[plugins.'io.containerd.cri.v1.runtime']
  enable_selinux = {{ .SELinux }}
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true
  restrict_oom_score_adj = {{ .RestrictOOM }}

[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ["{{ .CNI }}"]
  conf_dir = "{{ .Dir }}/etc/cni/net.d"

[plugins.'io.containerd.cri.v1.runtime'.containerd]
  default_runtime_name = "{{ .Runtime }}"

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  SystemdCgroup = {{ .SystemdCgroup }}

[plugins.'io.containerd.cri.v1.images']
  snapshotter = "{{ .Snapshotter }}"
  disable_snapshot_annotations = true

[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "{{ .Pause }}"

[plugins.'io.containerd.cri.v1.images'.registry]
  config_path = "{{ .Dir }}/etc/containerd/certs.d"
{{ .Auth }}`

// startContainerd configures and starts containerd and waits until it answers.
func startContainerd(ctx context.Context, c *Config, s *Supervisor, bin string) error {
	if err := configureContainerd(c, bin); err != nil {
		return err
	}
	s.Start(Process{
		Name: "containerd",
		Argv: []string{
			filepath.Join(bin, "containerd"), "-c",
			c.Dir("agent", "etc", "containerd", "config.toml"), "-a", containerdSocket,
			"--state", containerdState, "--root", c.Dir("agent", "containerd"),
		},
		Log: c.Dir("agent", "containerd", "containerd.log"),
	})
	return waitFor(ctx, time.Minute, "containerd", func() error {
		connection, err := net.Dial("unix", containerdSocket)
		if err == nil {
			connection.Close()
		}
		return err
	})
}

func configureContainerd(c *Config, bin string) error {
	mirrors, err := readRegistries(c)
	if err != nil {
		return err
	}
	etc := c.Dir("agent", "etc", "containerd")
	if err := os.MkdirAll(etc, 0o755); err != nil {
		return err
	}
	hosts := filepath.Join(etc, "certs.d")
	if err := mirrors.writeHosts(hosts, c.Bool("disable-default-registry-endpoint")); err != nil {
		return err
	}
	text, err := containerdConfig(c, bin, mirrors.authTOML())
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(etc, "config.toml"), text, 0o600)
}

func containerdConfig(c *Config, bin, auth string) ([]byte, error) {
	own := template.Must(template.New("base").Parse(containerdBase))
	chosen := own
	file := c.Dir("agent", "etc", "containerd", "config-v3.toml.tmpl")
	if raw, err := os.ReadFile(file); err == nil {
		if chosen, err = own.New("user").Parse(string(raw)); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	} else if !os.IsNotExist(err) {
		return nil, err
	}
	pause := c.Get("pause-image")
	if pause == "" {
		pause = pauseImage
	}
	runtime := c.Get("default-runtime")
	if runtime == "" {
		runtime = "runc"
	}
	var text bytes.Buffer
	err := chosen.Execute(&text, map[string]any{
		"Dir":           c.Dir("agent"),
		"State":         containerdState,
		"SELinux":       c.Bool("selinux"),
		"RestrictOOM":   !capable(capSysResource),
		"CNI":           filepath.Join(bin, "cni"),
		"Runtime":       runtime,
		"SystemdCgroup": cgroupDriver() == "systemd",
		"Snapshotter":   c.Get("snapshotter"),
		"Pause":         pause,
		"Auth":          auth,
	})
	return text.Bytes(), err
}

// cgroupDriver is systemd where systemd started us and cgroups are of version 2.
func cgroupDriver() string {
	_, err := os.Stat("/sys/fs/cgroup/cgroup.controllers")
	if err == nil && os.Getenv("INVOCATION_ID") != "" {
		return "systemd"
	}
	return "cgroupfs"
}

// capable tells whether we hold a capability; in containers we may lack some.
func capable(capability uint) bool {
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return true
	}
	_, after, _ := bytes.Cut(raw, []byte("CapEff:"))
	var mask uint64
	if _, err := fmt.Sscanf(string(after), "%x", &mask); err != nil {
		return true
	}
	return mask&(1<<capability) != 0
}

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// runTool becomes kubectl, crictl or ctr, which find the cluster and containerd without being told.
func runTool(d Distro, tool string, argv []string) error {
	c := &Config{Distro: d, Role: "server", values: map[string][]string{}}
	if given := os.Getenv(d.EnvPrefix + "_DATA_DIR"); given != "" {
		c.Set("data-dir", given)
	}
	bin, err := programs(c)
	if err != nil {
		// Who may not write there uses what a service has unpacked.
		bin = c.Dir("data", "current", "bin")
		if d.Name == distroRKE2.Name {
			bin = c.Dir("bin")
		}
		if _, missing := os.Stat(filepath.Join(bin, tool)); missing != nil {
			return err
		}
	}
	defaults := map[string]string{
		"CONTAINERD_ADDRESS":         containerdSocket,
		"CONTAINERD_NAMESPACE":       "k8s.io",
		"CONTAINER_RUNTIME_ENDPOINT": "unix://" + containerdSocket,
		"IMAGE_SERVICE_ENDPOINT":     "unix://" + containerdSocket,
	}
	if file, err := os.Open(d.Kubeconfig()); err == nil {
		file.Close()
		defaults["KUBECONFIG"] = d.Kubeconfig()
	}
	for name, value := range defaults {
		if os.Getenv(name) == "" {
			os.Setenv(name, value)
		}
	}
	path := filepath.Join(bin, tool)
	err = syscall.Exec(path, append([]string{tool}, argv...), os.Environ())
	return fmt.Errorf("%s: %w", path, err)
}

// Command double stands in for K3s and RKE2 in tests: see README.md.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// Set by the build: -X main.version=v1.36.3+k3s1 -X main.name=k3s.
var (
	version = "v0.0.0+double"
	name    = ""
)

func main() {
	if err := run(os.Args); err != nil {
		logf("fatal", "%v", err)
		os.Exit(1)
	}
}

func run(argv []string) error {
	called := filepath.Base(argv[0])
	d := distroNamed(name)
	if name == "" {
		d = distroNamed(strings.SplitN(called, "-", 2)[0])
	}
	switch called {
	case "kubectl", "crictl", "ctr":
		return runTool(d, called, argv[1:])
	}
	if len(argv) < 2 {
		usage(d)
		return nil
	}
	switch verb, rest := argv[1], argv[2:]; verb {
	case "server":
		return serve(d, "server", rest, runServer)
	case "agent":
		return serve(d, "agent", rest, runAgentOnly)
	case "kubectl", "crictl", "ctr":
		return runTool(d, verb, rest)
	case "etcd-snapshot":
		return runSnapshot(d, rest)
	case "token":
		return runToken(d, rest)
	case "--version", "-v":
		fmt.Printf("%s version %s (double)\ngo version %s\n", d.Name, version, runtime.Version())
		return nil
	case "help", "--help", "-h":
		usage(d)
		return nil
	default:
		return fmt.Errorf("No help topic for '%s'", verb)
	}
}

func usage(d Distro) {
	fmt.Printf("%s, a test double\n\ncommands: server, agent, kubectl, crictl, ctr, etcd-snapshot, "+
		"token, help; --version\n", d.Name)
}

// serve runs a role until a signal ends it or it fails; its children are stopped either way.
func serve(
	d Distro, role string, argv []string,
	start func(context.Context, *Config, *Supervisor) error,
) error {
	config, err := LoadConfig(d, role, argv)
	if err != nil {
		return err
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	supervisor := NewSupervisor()
	defer supervisor.Stop()
	infof("Starting %s %s (double)", d.Name, version)
	done := make(chan error, 1)
	go func() { done <- start(ctx, config, supervisor) }()
	select {
	case err = <-done:
	case err = <-supervisor.Failed():
	case <-ctx.Done():
	}
	return err
}

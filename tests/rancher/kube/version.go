package main

import (
	"fmt"
	"os"

	"k8s.io/component-base/version"
)

// K3s and RKE2 build their components with a version of their own (v1.36.3+k3s1), which nodes and
// the API report; here the environment tells it, so that one program serves every release.
func init() {
	told := os.Getenv("DOUBLE_KUBE_VERSION")
	if told == "" {
		return
	}
	if err := version.SetDynamicVersion(told); err != nil {
		fmt.Fprintf(os.Stderr, "kube: %v\n", err)
		os.Exit(1)
	}
}

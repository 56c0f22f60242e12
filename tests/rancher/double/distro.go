package main

import "path/filepath"

// Distro is what differs between K3s and RKE2: names, places and ports, as documented.
type Distro struct {
	Name string // "k3s" or "rke2": the program, /etc/rancher/<Name> and the default data directory
	// SupervisorPort serves /cacerts, /ping and /v1-<Name>; K3s serves the Kubernetes API there, too.
	SupervisorPort int
	// EnvPrefix begins the environment variables of its flags: <EnvPrefix>_TOKEN.
	EnvPrefix string
}

const apiPort = 6443 // the Kubernetes API as clients reach it

var (
	distroK3s = Distro{
		Name: "k3s", SupervisorPort: apiPort, EnvPrefix: "K3S",
	}
	distroRKE2 = Distro{
		Name: "rke2", SupervisorPort: 9345, EnvPrefix: "RKE2",
	}
)

func distroNamed(name string) Distro {
	if name == distroRKE2.Name {
		return distroRKE2
	}
	return distroK3s
}

// EtcDir is /etc/rancher/<name>: config.yaml, registries.yaml and the administrator's kubeconfig.
func (d Distro) EtcDir() string { return filepath.Join("/etc/rancher", d.Name) }

// Kubeconfig is where the administrator's kubeconfig is written without write-kubeconfig.
func (d Distro) Kubeconfig() string { return filepath.Join(d.EtcDir(), d.Name+".yaml") }

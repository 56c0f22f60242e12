package main

import (
	"net"
	"os"
	"path/filepath"
	"sort"
	"strconv"
)

// authorities are the cluster's CAs; every server has the same ones.
type authorities struct {
	server, client, requestHeader, etcdServer, etcdPeer *authority
}

// shared are the files below server/ that all servers of a cluster have in common.
var shared = []string{
	"tls/server-ca.crt", "tls/server-ca.key",
	"tls/client-ca.crt", "tls/client-ca.key",
	"tls/request-header-ca.crt", "tls/request-header-ca.key",
	"tls/etcd/server-ca.crt", "tls/etcd/server-ca.key",
	"tls/etcd/peer-ca.crt", "tls/etcd/peer-ca.key",
	"tls/service.key",
	"cred/encryption-config.json",
}

func loadAuthorities(c *Config) (*authorities, error) {
	var all authorities
	for _, one := range []struct {
		into       **authority
		file, name string
	}{
		{&all.server, "server-ca", "server-ca"},
		{&all.client, "client-ca", "client-ca"},
		{&all.requestHeader, "request-header-ca", "request-header-ca"},
		{&all.etcdServer, "etcd/server-ca", "etcd-server-ca"},
		{&all.etcdPeer, "etcd/peer-ca", "etcd-peer-ca"},
	} {
		base := c.Dir("server", "tls", one.file)
		made, err := loadAuthority(base, c.Distro.Name+"-"+one.name)
		if err != nil {
			return nil, err
		}
		*one.into = made
	}
	_, err := loadKey(c.Dir("server", "tls", "service.key"))
	return &all, err
}

// issueCertificates writes what the components of this server present.
func issueCertificates(c *Config, cas *authorities) error {
	tls := c.Dir("server", "tls")
	names := servingNames(c)
	etcd := append([]string{"localhost", "127.0.0.1", "::1", c.NodeName()}, c.nodeAddresses()...)
	for _, one := range []struct {
		ca   *authority
		file string
		want leaf
	}{
		{cas.client, "client-admin", leaf{name: "system:admin", groups: []string{"system:masters"}}},
		{cas.client, "client-supervisor", leaf{
			name: "system:" + c.Distro.Name + "-supervisor", groups: []string{"system:masters"}}},
		{cas.client, "client-controller", leaf{name: "system:kube-controller-manager"}},
		{cas.client, "client-scheduler", leaf{name: "system:kube-scheduler"}},
		{cas.client, "client-kube-apiserver", leaf{
			name: "system:apiserver", groups: []string{"system:masters"}}},
		{cas.requestHeader, "client-auth-proxy", leaf{name: "system:auth-proxy"}},
		{cas.server, "serving-kube-apiserver", leaf{name: "kube-apiserver", names: names}},
		{cas.etcdServer, "etcd/client", leaf{name: "etcd-client"}},
		{cas.etcdServer, "etcd/server-client", leaf{name: "etcd-server", names: etcd}},
		{cas.etcdPeer, "etcd/peer-server-client", leaf{name: "etcd-peer", names: etcd}},
	} {
		if err := one.ca.ensure(filepath.Join(tls, one.file), one.want); err != nil {
			return err
		}
	}
	return nil
}

// servingNames are the names and addresses that the API is reached by: tls-san and our own.
func servingNames(c *Config) []string {
	names := []string{
		"kubernetes", "kubernetes.default", "kubernetes.default.svc",
		"kubernetes.default.svc." + c.Get("cluster-domain"), "localhost", c.NodeName(),
	}
	if host, err := os.Hostname(); err == nil {
		names = append(names, host)
	}
	names = append(names, "127.0.0.1", "::1", c.APIServerAddress(), serviceAddress(c, 1))
	names = append(names, c.nodeAddresses()...)
	names = append(names, c.List("node-external-ip")...)
	if given := c.Get("advertise-address"); given != "" {
		names = append(names, given)
	}
	extra := append([]string{}, c.List("tls-san")...)
	sort.Strings(extra)
	return append(names, extra...)
}

// NodeAddress is this host's address among nodes: node-ip, or the one that the default route uses.
func (c *Config) NodeAddress() string { return c.nodeAddresses()[0] }

func (c *Config) nodeAddresses() []string {
	if given := c.List("node-ip"); len(given) > 0 {
		return given
	}
	return []string{defaultAddress()}
}

// defaultAddress is the source address towards elsewhere; nothing is sent to find it. Without a
// default route it is the first address that is not loopback, or 127.0.0.1.
func defaultAddress() string {
	if connection, err := net.Dial("udp", "192.0.2.1:9"); err == nil {
		defer connection.Close()
		return connection.LocalAddr().(*net.UDPAddr).IP.String()
	}
	addresses, _ := net.InterfaceAddrs()
	for _, one := range addresses {
		if network, ok := one.(*net.IPNet); ok && network.IP.IsGlobalUnicast() && network.IP.To4() != nil {
			return network.IP.String()
		}
	}
	return "127.0.0.1"
}

// AdvertiseAddress is where others reach this server's API.
func (c *Config) AdvertiseAddress() string {
	if given := c.Get("advertise-address"); given != "" {
		return given
	}
	return c.NodeAddress()
}

// APIServerAddress is where kube-apiserver itself answers on this host. Upstream's advertises the
// port that it listens on, so that K3s' has 6443, too, on a loopback address of its own.
func (c *Config) APIServerAddress() string {
	if c.Distro.Name == distroK3s.Name {
		return "127.0.0.2"
	}
	return "127.0.0.1"
}

// APIPort is where clients reach the Kubernetes API.
func (c *Config) APIPort() int {
	if c.Distro.Name == distroK3s.Name {
		if port, err := strconv.Atoi(c.Get("https-listen-port")); err == nil {
			return port
		}
	}
	return apiPort
}

// SupervisorPort is where nodes join; K3s serves both on one port.
func (c *Config) SupervisorPort() int {
	if c.Distro.Name == distroK3s.Name {
		return c.APIPort()
	}
	return c.Distro.SupervisorPort
}

// serviceAddress is the n-th address of the first service-cidr.
func serviceAddress(c *Config, n byte) string {
	_, network, err := net.ParseCIDR(c.List("service-cidr")[0])
	if err != nil {
		return "10.43.0.1"
	}
	address := append(net.IP{}, network.IP...)
	address[len(address)-1] += n
	return address.String()
}

// ClusterDNS is cluster-dns, or the tenth address of service-cidr.
func (c *Config) ClusterDNS() string {
	if given := c.List("cluster-dns"); len(given) > 0 {
		return given[0]
	}
	return serviceAddress(c, 10)
}

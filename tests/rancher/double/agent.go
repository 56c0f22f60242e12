package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// runAgentOnly is `agent`: a node without a control plane, behind a load balancer to the servers.
func runAgentOnly(ctx context.Context, c *Config, s *Supervisor) error {
	server, err := url.Parse(c.Get("server"))
	if err != nil {
		return fmt.Errorf("server: %w", err)
	}
	if server.Host == "" {
		return fmt.Errorf("--server is required")
	}
	text, err := c.Token()
	if err != nil {
		return err
	}
	if text == "" {
		return fmt.Errorf("--token is required")
	}
	token, err := ParseToken(text, "node")
	if err != nil {
		return err
	}
	port := server.Port()
	if port == "" {
		port = strconv.Itoa(c.SupervisorPort())
	}
	first := net.JoinHostPort(server.Hostname(), port)
	etc := c.Dir("agent", "etc")
	local := c.Get("lb-server-port")
	file := etc + "/" + c.Distro.Name + "-agent-load-balancer.json"
	supervisors, err := newLoadBalancer(ctx, local, first, file)
	if err != nil {
		return err
	}
	balancers := map[int]*loadBalancer{c.SupervisorPort(): supervisors}
	if c.SupervisorPort() != c.APIPort() {
		first = net.JoinHostPort(server.Hostname(), strconv.Itoa(c.APIPort()))
		file = etc + "/" + c.Distro.Name + "-api-server-agent-load-balancer.json"
		balancers[c.APIPort()], err = newLoadBalancer(ctx, strconv.Itoa(c.APIPort()), first, file)
		if err != nil {
			return err
		}
	}
	if err := startNode(ctx, c, s, "https://127.0.0.1:"+local, token, balancers); err != nil {
		return err
	}
	notify("READY=1\nSTATUS=node " + c.NodeName() + " runs")
	infof("%s agent is up and running", c.Distro.Name)
	<-ctx.Done()
	return nil
}

// startAgent starts this host's node with the supervisor at url (https://127.0.0.1:PORT on
// servers); it returns once kubelet runs.
func startAgent(ctx context.Context, c *Config, s *Supervisor, url string, token Token) error {
	return startNode(ctx, c, s, url, token, nil)
}

// startNode is what servers and agents share. balancers, by the servers' port, are an agent's.
func startNode(
	ctx context.Context, c *Config, s *Supervisor, url string, token Token,
	balancers map[int]*loadBalancer,
) error {
	bin, err := programs(c)
	if err != nil {
		return err
	}
	prepareKernel()
	ip := c.NodeAddress()
	password, err := nodePassword()
	if err != nil {
		return err
	}
	var settings NodeConfig
	var client *supervisorClient
	err = patiently(ctx, "retrieve agent configuration", func() error {
		supervisor, err := trustSupervisor(ctx, c.Distro, url, token)
		if err != nil {
			return err
		}
		if err := supervisor.getJSON(ctx, "/config", &settings); err != nil {
			return err
		}
		client = supervisor
		return fetchCertificates(ctx, c, supervisor, ip, password)
	})
	if err != nil {
		return err
	}
	if len(balancers) > 0 {
		go followServers(ctx, client, balancers)
	}
	if err := writeNodeKubeconfigs(c, apiURL(c)); err != nil {
		return err
	}
	if err := startContainerd(ctx, c, s, bin); err != nil {
		return err
	}
	if err := importImages(ctx, c, bin); err != nil {
		return err
	}
	if err := startKubelet(c, s, bin, settings, ip); err != nil {
		return err
	}
	if !settings.DisableKubeProxy {
		startKubeProxy(c, s, bin, settings)
	}
	if settings.CNI != "none" && settings.FlannelBackend != "none" {
		if err := startFlannel(c, s, bin, settings, ip); err != nil {
			return err
		}
		go func() {
			if err := writeCNI(ctx, c); err != nil && ctx.Err() == nil {
				s.Fail(err)
			}
		}()
	}
	return waitFor(ctx, 2*time.Minute, "kubelet", func() error {
		answer, err := http.Get("http://127.0.0.1:10248/healthz")
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return errNotReady
		}
		return nil
	})
}

// followServers keeps the load balancers' lists as the servers tell them.
func followServers(ctx context.Context, s *supervisorClient, balancers map[int]*loadBalancer) {
	var before string
	for {
		var found []string
		err := s.getJSON(ctx, "/apiservers", &found)
		if now := strings.Join(found, " "); err == nil && len(found) > 0 && now != before {
			before = now
			infof("Servers are %s", now)
			for port, one := range balancers {
				var addresses []string
				for _, address := range found {
					host, _, err := net.SplitHostPort(address)
					if err != nil {
						host = address
					}
					addresses = append(addresses, net.JoinHostPort(host, strconv.Itoa(port)))
				}
				one.remember(addresses)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(5 * time.Second):
		}
	}
}

// apiURL is where this host's components reach the API: of the server that this is, or through an
// agent's load balancer.
func apiURL(c *Config) string {
	if c.Role == "agent" && c.SupervisorPort() == c.APIPort() {
		return "https://127.0.0.1:" + c.Get("lb-server-port")
	}
	return fmt.Sprintf("https://127.0.0.1:%d", c.APIPort())
}

// prepareKernel sets what nodes need; what cannot be set here may be so already.
func prepareKernel() {
	for name, value := range map[string]string{
		"net/ipv4/ip_forward":                 "1",
		"net/ipv4/conf/all/forwarding":        "1",
		"net/bridge/bridge-nf-call-iptables":  "1",
		"net/bridge/bridge-nf-call-ip6tables": "1",
	} {
		file := "/proc/sys/" + name
		if raw, err := os.ReadFile(file); err == nil && strings.TrimSpace(string(raw)) == value {
			continue
		}
		if err := os.WriteFile(file, []byte(value), 0o644); err != nil {
			warnf("Failed to set sysctl %s: %v", name, err)
		}
	}
}

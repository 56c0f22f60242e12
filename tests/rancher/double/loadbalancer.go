package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// loadBalancer is the agent's local way to the servers: a port of loopback whose connections go to
// a server that answers. A server that stops answering loses its connections, so that clients dial
// again and reach another.
type loadBalancer struct {
	file     string // what it knows, for a start while the first server is down
	first    string // the address that the agent joined by, which may be that of none of them
	listener net.Listener

	mutex   sync.Mutex
	servers []*balanced
}

type balanced struct {
	address string
	failed  int // probes in a row
	open    map[net.Conn]bool
}

const (
	probePeriod   = time.Second
	probePatience = 2 * time.Second
	probeLimit    = 2 // failures after which a server is down
)

// newLoadBalancer listens at 127.0.0.1:port for first, HOST:PORT of a server, and those that file
// has from an earlier start.
func newLoadBalancer(ctx context.Context, port, first, file string) (*loadBalancer, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return nil, fmt.Errorf("load balancer: %w", err)
	}
	b := &loadBalancer{file: file, first: first, listener: listener}
	var kept struct {
		ServerAddresses []string `json:"ServerAddresses"`
	}
	if raw, err := os.ReadFile(file); err == nil {
		if err := json.Unmarshal(raw, &kept); err != nil {
			warnf("%s: %v", file, err)
		}
	}
	addresses := append([]string{first}, kept.ServerAddresses...)
	b.setServers(addresses)
	infof("Running load balancer %s -> %v", listener.Addr(), addresses)
	go b.serve()
	go b.probe(ctx)
	go func() { <-ctx.Done(); listener.Close() }()
	return b, nil
}

// setServers replaces the list; connections to servers that are gone from it are closed.
func (b *loadBalancer) setServers(addresses []string) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	var next []*balanced
	for _, address := range addresses {
		if slices.ContainsFunc(next, func(one *balanced) bool { return one.address == address }) {
			continue
		}
		at := slices.IndexFunc(b.servers, func(one *balanced) bool { return one.address == address })
		if at >= 0 {
			next = append(next, b.servers[at])
		} else {
			next = append(next, &balanced{address: address, open: map[net.Conn]bool{}})
		}
	}
	for _, old := range b.servers {
		if !slices.Contains(next, old) {
			old.drop()
		}
	}
	b.servers = next
}

// remember keeps the list for the next start.
func (b *loadBalancer) remember(addresses []string) {
	b.setServers(append(slices.Clone(addresses), b.first))
	raw, err := json.MarshalIndent(map[string]any{"ServerAddresses": addresses}, "", "  ")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(b.file), 0o755)
	}
	if err == nil {
		err = os.WriteFile(b.file, raw, 0o600)
	}
	if err != nil {
		warnf("load balancer: %v", err)
	}
}

func (b *loadBalancer) serve() {
	for {
		client, err := b.listener.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			warnf("load balancer: %v", err)
			time.Sleep(100 * time.Millisecond)
			continue
		}
		go b.forward(client)
	}
}

func (b *loadBalancer) forward(client net.Conn) {
	defer client.Close()
	server, chosen := b.dial()
	if server == nil {
		return
	}
	defer server.Close()
	if !b.keep(chosen, server) {
		return
	}
	defer b.forget(chosen, server)
	done := make(chan struct{}, 2)
	go func() { pipe(server, client); done <- struct{}{} }()
	go func() { pipe(client, server); done <- struct{}{} }()
	<-done
	<-done
}

// pipe copies until the source ends, and passes the end on.
func pipe(to, from net.Conn) {
	_, err := io.Copy(to, from)
	if err != nil {
		to.Close()
		from.Close()
	} else if half, ok := to.(*net.TCPConn); ok {
		_ = half.CloseWrite()
	}
}

// dial tries servers that answered their last probe first, in the order of the list.
func (b *loadBalancer) dial() (net.Conn, *balanced) {
	b.mutex.Lock()
	order := slices.Clone(b.servers)
	slices.SortStableFunc(order, func(x, y *balanced) int { return x.failed - y.failed })
	b.mutex.Unlock()
	for _, one := range order {
		connection, err := net.DialTimeout("tcp", one.address, probePatience)
		if err == nil {
			return connection, one
		}
		warnf("load balancer: failed to dial %s: %v", one.address, err)
	}
	return nil, nil
}

func (b *loadBalancer) keep(one *balanced, connection net.Conn) bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if !slices.Contains(b.servers, one) {
		return false
	}
	one.open[connection] = true
	return true
}

func (b *loadBalancer) forget(one *balanced, connection net.Conn) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	delete(one.open, connection)
}

func (b *loadBalancer) probe(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(probePeriod):
		}
		b.mutex.Lock()
		servers := slices.Clone(b.servers)
		b.mutex.Unlock()
		for _, one := range servers {
			connection, err := net.DialTimeout("tcp", one.address, probePatience)
			if err == nil {
				connection.Close()
			}
			b.mutex.Lock()
			if err == nil {
				one.failed = 0
			} else if one.failed++; one.failed == probeLimit {
				warnf("load balancer: %s does not answer: %v", one.address, err)
				one.drop()
			}
			b.mutex.Unlock()
		}
	}
}

// drop closes a server's connections; the mutex is held.
func (one *balanced) drop() {
	for connection := range one.open {
		connection.Close()
	}
}

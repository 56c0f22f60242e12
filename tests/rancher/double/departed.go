package main

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

const lookForDeparted = 5 * time.Second

// memberAnnotation names the etcd member of a node.
func memberAnnotation(d Distro) string { return "etcd." + d.Name + ".cattle.io/node-name" }

// nodeMembers gives the etcd member of each server's node.
func (k *kubeClient) nodeMembers(annotation string) (map[string]string, error) {
	var nodes struct {
		Items []struct {
			Metadata struct {
				Name        string
				Annotations map[string]string
			}
		}
	}
	if err := k.call(http.MethodGet, "/api/v1/nodes", "application/json", nil, &nodes); err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, one := range nodes.Items {
		if member := one.Metadata.Annotations[annotation]; member != "" {
			found[one.Metadata.Name] = member
		}
	}
	return found, nil
}

// departed gives the members whose nodes were seen and are gone, but for our own.
func departed(seen, now map[string]string, own string) []string {
	var gone []string
	for node, member := range seen {
		if now[node] == "" && member != own {
			gone = append(gone, member)
		}
	}
	return gone
}

// removeDeparted takes a server out of etcd once its node is deleted, as K3s and RKE2 do.
func (s *datastore) removeDeparted(ctx context.Context, kube *kubeClient) {
	own, _ := s.name()
	seen := map[string]string{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(lookForDeparted):
		}
		now, err := kube.nodeMembers(memberAnnotation(s.config.Distro))
		if err != nil {
			continue
		}
		if gone := departed(seen, now, own); len(gone) > 0 && s.remove(ctx, gone) != nil {
			continue
		}
		seen = now
	}
}

func (s *datastore) remove(ctx context.Context, names []string) error {
	standing, err := s.members(ctx)
	if err != nil {
		return err
	}
	for _, one := range standing {
		if !contains(names, one.Name) {
			continue
		}
		infof("Removing etcd member %s, whose node was deleted", one.Name)
		id := strconv.FormatUint(one.ID, 16)
		if _, err := s.etcdctl(ctx, nil, "member", "remove", id); err != nil {
			warnf("Failed to remove etcd member %s: %v", one.Name, err)
			return err
		}
	}
	return nil
}

package main

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
)

func TestTheDatastoreFollowsTheOptions(t *testing.T) {
	for _, one := range []struct {
		d        Distro
		text     string
		embedded bool
		endpoint string
	}{
		{distroK3s, "", false, "unix://"},
		{distroK3s, "cluster-init: true\n", true, "https://127.0.0.1:2379"},
		{distroK3s, "server: https://a:6443\ntoken: x\n", true, "https://127.0.0.1:2379"},
		{distroRKE2, "", true, "https://127.0.0.1:2379"},
		{distroK3s, "datastore-endpoint: https://e1:2379,https://e2:2379\n", false, "https://e1:2379,"},
		{distroK3s, "datastore-endpoint: postgres://u:p@db/k\n", false, "unix://"},
	} {
		c := loaded(t, one.d, "server", "data-dir: "+t.TempDir()+"\n"+one.text)
		s, err := chooseDatastore(c, "/bin")
		if err != nil || s.embedded != one.embedded || !strings.HasPrefix(s.endpoint, one.endpoint) {
			t.Errorf("%s %q: %+v, %v", one.d.Name, one.text, s, err)
		}
	}
}

func TestStateOnTheDiskStays(t *testing.T) {
	c := loaded(t, distroK3s, "server", "data-dir: "+t.TempDir()+"\n")
	if err := os.MkdirAll(c.Dir("server", "db", "etcd"), 0o700); err != nil {
		t.Fatal(err)
	}
	if s, err := chooseDatastore(c, "/bin"); err != nil || !s.embedded {
		t.Errorf("%+v, %v", s, err)
	}
	dir := "data-dir: " + t.TempDir() + "\n"
	other := loaded(t, distroK3s, "server", dir+"cluster-init: true\n")
	if err := writeFile(other.Dir("server", "db", "state.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := chooseDatastore(other, "/bin"); err != nil || !s.embedded || !s.migrates {
		t.Errorf("%+v, %v", s, err)
	}
	joining := loaded(t, distroK3s, "server", dir+"server: https://a:6443\ntoken: x\n")
	if _, err := chooseDatastore(joining, "/bin"); err == nil {
		t.Error("a server with a cluster of its own must not join another")
	}
}

func TestOptionsThatExcludeEachOther(t *testing.T) {
	for text, want := range map[string]string{
		"cluster-init: true\ndatastore-endpoint: https://e\n": "invalid flag use",
		"cluster-reset: true\nserver: https://a:6443\n":       "remove server from configuration",
		"cluster-reset-restore-path: /x\n":                    "cluster-reset required",
		"server: https://a:6443\n":                            "token is required",
		"etcd-s3: true\n":                                     "the double has no etcd-s3",
	} {
		c := loaded(t, distroK3s, "server", "data-dir: "+t.TempDir()+"\n"+text)
		if err := checkServer(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

func TestEtcdsOwnWordsAreTold(t *testing.T) {
	said := `{"level":"warn","msg":"retrying of unary invoker failed"}
Error: etcdserver: too many learner members in cluster
`
	if got := etcdMessage(said, errors.New("exit status 1")); got !=
		"etcdserver: too many learner members in cluster" {
		t.Errorf("got %q", got)
	}
	if got := etcdMessage("", errors.New("exit status 1")); got != "exit status 1" {
		t.Errorf("got %q", got)
	}
}

func TestOnlyMembersWhoseNodesAreDeletedDepart(t *testing.T) {
	seen := map[string]string{"s1": "s1-a", "s2": "s2-b", "s3": "s3-c"}
	now := map[string]string{"s2": "s2-b", "s4": "s4-d"}
	if got := departed(seen, now, "s1-a"); !reflect.DeepEqual(got, []string{"s3-c"}) {
		t.Errorf("got %q", got)
	}
}

func TestLeasesAreNotMigrated(t *testing.T) {
	kept := lasting([]record{
		{Key: []byte("/registry/events/default/x")}, {Key: []byte("/registry/pods/default/x")},
		{Key: []byte("/registry/masterleases/192.0.2.1")},
	})
	if len(kept) != 1 || string(kept[0].Key) != "/registry/pods/default/x" {
		t.Errorf("%q", kept)
	}
}

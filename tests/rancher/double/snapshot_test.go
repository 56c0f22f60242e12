package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestScheduleMatches(t *testing.T) {
	at := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC) // a Friday
	for text, want := range map[string]bool{
		"0 */12 * * *": true, "* * * * *": true, "0 12 27 11 5": true, "1-5 * * * *": false,
		"*/7 * * * 0,6": false, "0,30 8-18/2 * * 1-5": true,
	} {
		when, err := parseSchedule(text)
		if err != nil || when.matches(at) != want {
			t.Errorf("%q: %v, %v", text, when.matches(at), err)
		}
	}
	for _, text := range []string{"* * * *", "60 * * * *", "a * * * *", "*/0 * * * *", "5-1 * * * *"} {
		if _, err := parseSchedule(text); err == nil {
			t.Errorf("%q must be refused", text)
		}
	}
}

func snapshots(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i, name := range names {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
		when := time.Unix(int64(1000+i), 0)
		if err := os.Chtimes(file, when, when); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestPruneKeepsTheNewestOfAName(t *testing.T) {
	dir := snapshots(t, "a-cp1-1", "b-cp1-2", "a-cp1-3", "a-cp1-4")
	gone, err := prune(dir, "a-cp1", 2)
	if err != nil || !reflect.DeepEqual(gone, []string{"a-cp1-1"}) {
		t.Errorf("%q, %v", gone, err)
	}
	left, _ := listSnapshots(dir)
	if len(left) != 3 || left[0].name != "b-cp1-2" {
		t.Errorf("%+v", left)
	}
}

func TestSnapshotsAreListed(t *testing.T) {
	dir := snapshots(t, "on-demand-cp1-1000")
	c := loaded(t, distroRKE2, "server", "etcd-snapshot-dir: "+dir+"\n")
	found, err := listSnapshots(c.snapshotDir())
	if err != nil {
		t.Fatal(err)
	}
	var table, text bytes.Buffer
	if err := printSnapshots(&table, c, found, ""); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(table.String(), "\n")
	want := []string{
		"on-demand-cp1-1000", "file://" + dir + "/on-demand-cp1-1000", "18", "1970-01-01T00:16:40Z",
	}
	if !reflect.DeepEqual(strings.Fields(lines[1]), want) {
		t.Errorf("%q", table.String())
	}
	if err := printSnapshots(&text, c, found, "json"); err != nil || !json.Valid(text.Bytes()) {
		t.Errorf("%q, %v", text.String(), err)
	}
	if err := printSnapshots(&text, c, found, "xml"); err == nil {
		t.Error("xml must be refused")
	}
}

func TestPackedSnapshotsComeBack(t *testing.T) {
	file := filepath.Join(snapshots(t, "one"), "one")
	if err := pack(file); err != nil {
		t.Fatal(err)
	}
	back, err := unpack(file + ".zip")
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := os.ReadFile(back); err != nil || string(raw) != "one" {
		t.Errorf("%q, %v", raw, err)
	}
}

func TestFolderOrFileNamesAComponent(t *testing.T) {
	for path, want := range map[string]string{
		"/m/coredns.yaml": "coredns", "/m/metrics-server/a.yaml": "metrics-server",
	} {
		if got := component("/m", path); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
}

func TestDisabledManifestsAreNotWritten(t *testing.T) {
	c := loaded(t, distroK3s, "server",
		"data-dir: "+t.TempDir()+"\ndisable: [traefik, local-storage]\nservice-cidr: 10.9.0.0/16\n")
	root := c.Dir("server", "manifests")
	if err := newDeployer(c, "").writeBundled(root, c.List("disable")); err != nil {
		t.Fatal(err)
	}
	entries, _ := os.ReadDir(root)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	want := []string{"coredns.yaml", "metrics-server.yaml", "rolebindings.yaml", "runtimes.yaml"}
	if !reflect.DeepEqual(names, want) {
		t.Errorf("%q", names)
	}
	raw, _ := os.ReadFile(root + "/coredns.yaml")
	if !bytes.Contains(raw, []byte("clusterIP: 10.9.0.10\n")) {
		t.Errorf("%s", raw)
	}
}

package main

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// snapshotFile is a snapshot on this host's disk.
type snapshotFile struct {
	name, path string
	size       int64
	created    time.Time
}

func (c *Config) snapshotDir() string {
	if given := c.Get("etcd-snapshot-dir"); given != "" {
		return given
	}
	return c.Dir("server", "db", "snapshots")
}

// saveSnapshot writes <name>-<node>-<seconds>, and gives its path.
func (s *datastore) saveSnapshot(ctx context.Context, name string) (string, error) {
	c := s.config
	if err := os.MkdirAll(c.snapshotDir(), 0o700); err != nil {
		return "", err
	}
	file := filepath.Join(c.snapshotDir(), fmt.Sprintf("%s-%s-%d", name, c.NodeName(), time.Now().Unix()))
	if _, err := s.etcdctl(ctx, nil, "snapshot", "save", file); err != nil {
		return "", err
	}
	if !c.Bool("etcd-snapshot-compress") {
		return file, nil
	}
	if err := pack(file); err != nil {
		return "", err
	}
	return file + ".zip", os.Remove(file)
}

func pack(file string) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(file+".zip", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	archive := zip.NewWriter(out)
	entry, err := archive.Create(filepath.Base(file))
	if err != nil {
		return err
	}
	if _, err := io.Copy(entry, in); err != nil {
		return err
	}
	return archive.Close()
}

// unpack writes the one file of a .zip beside it and gives its path.
func unpack(file string) (string, error) {
	archive, err := zip.OpenReader(file)
	if err != nil {
		return "", err
	}
	defer archive.Close()
	if len(archive.File) != 1 {
		return "", fmt.Errorf("%s holds %d files, expected 1", file, len(archive.File))
	}
	in, err := archive.File[0].Open()
	if err != nil {
		return "", err
	}
	defer in.Close()
	target := strings.TrimSuffix(file, ".zip") + ".restored"
	out, err := os.OpenFile(target, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return "", err
	}
	defer out.Close()
	_, err = io.Copy(out, in)
	return target, err
}

// listSnapshots gives them, the oldest first.
func listSnapshots(dir string) ([]snapshotFile, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var found []snapshotFile
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() || strings.HasSuffix(entry.Name(), ".part") {
			continue
		}
		found = append(found, snapshotFile{
			entry.Name(), filepath.Join(dir, entry.Name()), info.Size(), info.ModTime().UTC(),
		})
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].created.Before(found[j].created) })
	return found, nil
}

// prune removes all but the newest ones whose names begin with prefix.
func prune(dir, prefix string, keep int) ([]string, error) {
	if keep < 1 {
		return nil, nil
	}
	all, err := listSnapshots(dir)
	if err != nil {
		return nil, err
	}
	var ours []snapshotFile
	for _, one := range all {
		if strings.HasPrefix(one.name, prefix) {
			ours = append(ours, one)
		}
	}
	var gone []string
	for len(ours) > keep {
		if err := os.Remove(ours[0].path); err != nil {
			return gone, err
		}
		gone = append(gone, ours[0].name)
		ours = ours[1:]
	}
	return gone, nil
}

// snapshotOnSchedule saves and prunes as etcd-snapshot-schedule-cron says.
func (s *datastore) snapshotOnSchedule(ctx context.Context) {
	c := s.config
	if c.Bool("etcd-disable-snapshots") {
		return
	}
	when, err := parseSchedule(c.Get("etcd-snapshot-schedule-cron"))
	if err != nil {
		errorf("etcd-snapshot-schedule-cron: %v", err)
		return
	}
	for {
		next := time.Now().Truncate(time.Minute).Add(time.Minute)
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(next)):
		}
		if !when.matches(next) {
			continue
		}
		name := c.Get("etcd-snapshot-name")
		file, err := s.saveSnapshot(ctx, name)
		if err != nil {
			errorf("Failed to take scheduled snapshot: %v", err)
			continue
		}
		infof("Saved scheduled snapshot %s", file)
		keep, _ := strconv.Atoi(c.Get("etcd-snapshot-retention"))
		if _, err := prune(c.snapshotDir(), name+"-"+c.NodeName(), keep); err != nil {
			errorf("Failed to prune snapshots: %v", err)
		}
	}
}

// printSnapshots prints them as a table, or as JSON in the shape of ETCDSnapshotFile.
func printSnapshots(out io.Writer, c *Config, found []snapshotFile, format string) error {
	switch format {
	case "", "table":
		table := tabwriter.NewWriter(out, 0, 0, 1, ' ', 0)
		fmt.Fprint(table, "Name\tLocation\tSize\tCreated\n")
		for _, one := range found {
			fmt.Fprintf(table, "%s\tfile://%s\t%d\t%s\n",
				one.name, one.path, one.size, one.created.Format(time.RFC3339))
		}
		return table.Flush()
	case "json":
		items := []any{}
		for _, one := range found {
			items = append(items, map[string]any{
				"apiVersion": "k3s.cattle.io/v1", "kind": "ETCDSnapshotFile",
				"metadata": map[string]any{"name": one.name},
				"spec": map[string]any{
					"snapshotName": one.name, "nodeName": c.NodeName(), "location": "file://" + one.path,
				},
				"status": map[string]any{
					"size": strconv.FormatInt(one.size, 10), "readyToUse": true,
					"creationTime": one.created.Format(time.RFC3339),
				},
			})
		}
		return json.NewEncoder(out).Encode(map[string]any{
			"apiVersion": "k3s.cattle.io/v1", "kind": "ETCDSnapshotFileList", "items": items,
		})
	}
	return fmt.Errorf("output format %q, expected table or json", format)
}

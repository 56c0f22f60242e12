package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"
	"time"
)

//go:embed manifests
var bundled embed.FS

// deployer writes the bundled manifests and applies whatever lies in server/manifests.
type deployer struct {
	config   *Config
	programs string
	applied  map[string][32]byte
}

const deployEvery = 3 * time.Second

func newDeployer(c *Config, programs string) *deployer {
	return &deployer{config: c, programs: programs, applied: map[string][32]byte{}}
}

func (d *deployer) run(ctx context.Context) {
	for {
		if err := d.round(ctx); err != nil && ctx.Err() == nil {
			warnf("Failed to process manifests: %v", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(deployEvery):
		}
	}
}

// round writes what is missing, deletes what is disabled and applies what changed.
func (d *deployer) round(ctx context.Context) error {
	root := d.config.Dir("server", "manifests")
	disabled := d.config.List("disable")
	if len(d.applied) == 0 {
		if err := d.writeBundled(root, disabled); err != nil {
			return err
		}
	}
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !isManifest(path) {
			return err
		}
		if _, err := os.Stat(path + ".skip"); err == nil {
			return nil
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if contains(disabled, component(root, path)) {
			if err := d.kubectl(ctx, "delete", "--ignore-not-found", "--wait=false", "-f", path); err != nil {
				return err
			}
			infof("Disabled %s", path)
			return os.Remove(path)
		}
		sum := sha256.Sum256(raw)
		if d.applied[path] == sum {
			return nil
		}
		if err := d.kubectl(ctx, "apply", "--server-side", "--force-conflicts",
			"--field-manager=deploy", "-f", path); err != nil {
			return err
		}
		infof("Applied manifest %s", path)
		d.applied[path] = sum
		return nil
	})
}

// component is the name that disables a manifest: its file's, or that of the folder it is in.
func component(root, path string) string {
	inside, _ := filepath.Rel(root, path)
	name, _, _ := strings.Cut(inside, string(filepath.Separator))
	return strings.TrimSuffix(name, filepath.Ext(name))
}

func isManifest(path string) bool {
	switch filepath.Ext(path) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

// writeBundled writes the bundled manifests; a disabled one is written only if it was there, so
// that its objects go.
func (d *deployer) writeBundled(root string, disabled []string) error {
	entries, err := bundled.ReadDir("manifests/" + d.config.Distro.Name)
	if err != nil {
		return err
	}
	values := map[string]string{
		"ClusterDNS": d.config.ClusterDNS(), "ClusterDomain": d.config.Get("cluster-domain"),
		"Registry": d.config.imageRegistry(), "Name": d.config.Distro.Name,
	}
	for _, entry := range entries {
		path := filepath.Join(root, entry.Name())
		if contains(disabled, component(root, path)) {
			continue
		}
		source, err := bundled.ReadFile("manifests/" + d.config.Distro.Name + "/" + entry.Name())
		if err != nil {
			return err
		}
		parsed, err := template.New(entry.Name()).Parse(string(source))
		if err != nil {
			return err
		}
		var text bytes.Buffer
		if err := parsed.Execute(&text, values); err != nil {
			return err
		}
		if err := writeFile(path, text.Bytes(), 0o600); err != nil {
			return err
		}
	}
	return os.MkdirAll(root, 0o700)
}

// imageRegistry is the registry part of the bundled images' names.
func (c *Config) imageRegistry() string {
	if given := c.Get("system-default-registry"); given != "" {
		return given
	}
	return "kplay.local"
}

func (d *deployer) kubectl(ctx context.Context, argv ...string) error {
	// What kubectl learns of the API it keeps; nothing of ours belongs into root's home.
	command := exec.CommandContext(ctx, d.programs+"/kubectl", append([]string{
		"--kubeconfig=" + d.config.Dir("server", "cred", "admin.kubeconfig"),
		"--cache-dir=" + d.config.Dir("server", "kubectl"),
	}, argv...)...)
	out, err := command.CombinedOutput()
	if err != nil {
		return &commandError{argv[0], strings.TrimSpace(string(out))}
	}
	return nil
}

type commandError struct{ verb, said string }

func (e *commandError) Error() string { return e.verb + ": " + e.said }

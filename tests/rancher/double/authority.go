package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"slices"
	"time"
)

const (
	day       = 24 * time.Hour
	caLife    = 3650 * day
	leafLife  = 365 * day
	renewWhen = 120 * day // a certificate that has less left is renewed at start
)

// authority is a CA whose key lies beside its certificate.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         []byte
}

// loadAuthority reads <base>.crt and <base>.key, or makes a self-signed CA and writes them.
func loadAuthority(base, name string) (*authority, error) {
	raw, err := os.ReadFile(base + ".crt")
	if errors.Is(err, os.ErrNotExist) {
		if err := makeAuthority(base, name); err != nil {
			return nil, err
		}
		raw, err = os.ReadFile(base + ".crt")
	}
	if err != nil {
		return nil, err
	}
	certificate, err := parseCertificate(raw)
	if err != nil {
		return nil, fmt.Errorf("%s.crt: %w", base, err)
	}
	key, err := loadKey(base + ".key")
	if err != nil {
		return nil, err
	}
	return &authority{certificate, key, raw}, nil
}

func makeAuthority(base, name string) error {
	key, err := loadKey(base + ".key")
	if err != nil {
		return err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{CommonName: fmt.Sprintf("%s@%d", name, now.Unix())},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(caLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	return writeFile(base+".crt", encode("CERTIFICATE", der), 0o644)
}

// leaf is a certificate to be: who it is for and what it serves.
type leaf struct {
	name   string
	groups []string
	names  []string // DNS names and addresses; with any it is a server's certificate, too
}

// sign gives the PEM of a certificate for a public key, with the CA's behind it.
func (a *authority) sign(want leaf, public any) ([]byte, error) {
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial(),
		Subject:      pkix.Name{CommonName: want.name, Organization: want.groups},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(leafLife),
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	template.DNSNames, template.IPAddresses = splitNames(want.names)
	if len(want.names) > 0 {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, public, a.key)
	if err != nil {
		return nil, err
	}
	return append(encode("CERTIFICATE", der), a.pem...), nil
}

// ensure writes <base>.crt and <base>.key unless what stands there still serves.
func (a *authority) ensure(base string, want leaf) error {
	key, err := loadKey(base + ".key")
	if err != nil {
		return err
	}
	if raw, err := os.ReadFile(base + ".crt"); err == nil {
		if old, err := parseCertificate(raw); err == nil && a.serves(old, want) &&
			key.PublicKey.Equal(old.PublicKey) {
			return nil
		}
	}
	signed, err := a.sign(want, key.Public())
	if err != nil {
		return err
	}
	return writeFile(base+".crt", signed, 0o644)
}

func (a *authority) serves(old *x509.Certificate, want leaf) bool {
	names, addresses := splitNames(want.names)
	same := slices.Equal(old.DNSNames, names) && len(old.IPAddresses) == len(addresses)
	for i := 0; same && i < len(addresses); i++ {
		same = old.IPAddresses[i].Equal(addresses[i])
	}
	return same && old.Subject.CommonName == want.name &&
		slices.Equal(old.Subject.Organization, want.groups) &&
		time.Until(old.NotAfter) > renewWhen && old.CheckSignatureFrom(a.certificate) == nil
}

// splitNames parts addresses from names and drops what is said twice.
func splitNames(names []string) ([]string, []net.IP) {
	var dns []string
	var addresses []net.IP
	seen := map[string]bool{}
	for _, name := range names {
		if name == "" || seen[name] {
			continue
		}
		seen[name] = true
		if address := net.ParseIP(name); address != nil {
			addresses = append(addresses, address)
		} else {
			dns = append(dns, name)
		}
	}
	return dns, addresses
}

// loadKey reads a key, or makes one and writes it.
func loadKey(file string) (*ecdsa.PrivateKey, error) {
	raw, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		der, err := x509.MarshalECPrivateKey(key)
		if err != nil {
			return nil, err
		}
		return key, writeFile(file, encode("EC PRIVATE KEY", der), 0o600)
	}
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, fmt.Errorf("%s holds no PEM", file)
	}
	return x509.ParseECPrivateKey(block.Bytes)
}

func parseCertificate(raw []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, errors.New("no PEM in it")
	}
	return x509.ParseCertificate(block.Bytes)
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func serial() *big.Int {
	number, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	return number
}

package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"strings"
	"time"
)

const account = "/var/run/secrets/kubernetes.io/serviceaccount/"

// loadAuthority gives the certificates that are the setting cacerts: of tls source `rancher` those of
// the Secret tls-rancher, which is made where there is none; of a private CA those of the file.
func loadAuthority() (string, error) {
	if os.Getenv("RANCHER_TLS_SOURCE") != "rancher" {
		found, err := os.ReadFile("/etc/rancher/ssl/cacerts.pem")
		if os.IsNotExist(err) {
			return "", nil
		}
		return string(found), err
	}
	place := "/api/v1/namespaces/" + os.Getenv("CATTLE_NAMESPACE") + "/secrets"
	there := struct{ Data map[string][]byte }{}
	status, err := kubernetes(http.MethodGet, place+"/tls-rancher", nil, &there)
	if err != nil {
		return "", err
	}
	if status == http.StatusOK {
		return string(there.Data["tls.crt"]), nil
	}
	certificate, key, err := newAuthority()
	if err != nil {
		return "", err
	}
	secret := object{
		"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
		"metadata": object{"name": "tls-rancher"},
		"data":     map[string][]byte{"tls.crt": certificate, "tls.key": key},
	}
	status, err = kubernetes(http.MethodPost, place, secret, nil)
	if err == nil && status != http.StatusCreated {
		err = fmt.Errorf("the Secret tls-rancher was not made: status %d", status)
	}
	return string(certificate), err
}

func newAuthority() (certificate, key []byte, err error) {
	made, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), IsCA: true, BasicConstraintsValid: true,
		Subject:   pkix.Name{CommonName: "dynamiclistener-ca"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(10, 0, 0),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	signed, err := x509.CreateCertificate(rand.Reader, about, about, &made.PublicKey, made)
	if err != nil {
		return nil, nil, err
	}
	private, err := x509.MarshalECPrivateKey(made)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}),
		pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private}), nil
}

// kubernetes sends one request to the API server of the cluster that this runs in.
func kubernetes(method, path string, sent, into any) (int, error) {
	authority, err := os.ReadFile(account + "ca.crt")
	if err != nil {
		return 0, err
	}
	token, err := os.ReadFile(account + "token")
	if err != nil {
		return 0, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	content, err := json.Marshal(sent)
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequest(method, "https://kubernetes.default.svc"+path, bytes.NewReader(content))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	request.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	found, err := io.ReadAll(answer.Body)
	if err == nil && into != nil && answer.StatusCode == http.StatusOK {
		err = json.Unmarshal(found, into)
	}
	return answer.StatusCode, err
}

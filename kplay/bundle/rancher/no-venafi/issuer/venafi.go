// Package venafi says of issuers of CyberArk Certificate Manager (Venafi) that this build has none:
// the vendor's client cannot be had from the module proxy. Every other issuer is as upstream's.
package venafi

import (
	"context"
	"errors"

	"github.com/cert-manager/cert-manager/pkg/api/util"
	certmanager "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	"github.com/cert-manager/cert-manager/pkg/apis/meta/v1"
	"github.com/cert-manager/cert-manager/pkg/controller"
	"github.com/cert-manager/cert-manager/pkg/issuer"
)

const message = "this build of cert-manager has no Venafi issuer"

type absent struct{}

// Setup marks the issuer as not ready, and fails.
func (absent) Setup(_ context.Context, one certmanager.GenericIssuer) error {
	util.SetIssuerCondition(one, one.GetGeneration(), certmanager.IssuerConditionReady,
		v1.ConditionFalse, "NotInThisBuild", message)
	return errors.New(message)
}

func init() {
	issuer.RegisterIssuer(util.IssuerVenafi,
		func(*controller.Context) (issuer.Interface, error) { return absent{}, nil })
}

/// Owning pointers to OpenSSL's types; for the .cc files of this folder only.
#pragma once

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "base/free_by.h"
#include "keys/key_pair.h"

namespace rampart {

/// Frees the stack and its certificates.
inline void free_certificates(STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); }

using BioPtr = std::unique_ptr<BIO, FreeBy<BIO_free_all>>;
using PkeyPtr = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;
using CmsPtr = std::unique_ptr<CMS_ContentInfo, FreeBy<CMS_ContentInfo_free>>;
using Pkcs8Ptr = std::unique_ptr<PKCS8_PRIV_KEY_INFO, FreeBy<PKCS8_PRIV_KEY_INFO_free>>;
using AlgorPtr = std::unique_ptr<X509_ALGOR, FreeBy<X509_ALGOR_free>>;
using SigPtr = std::unique_ptr<X509_SIG, FreeBy<X509_SIG_free>>;
using X509Ptr = std::unique_ptr<X509, FreeBy<X509_free>>;
using CertificatesPtr = std::unique_ptr<STACK_OF(X509), FreeBy<free_certificates>>;

struct KeyPair::Handle {
  PkeyPtr key;
};

/// `what`, with OpenSSL's own reason, which never holds key material.
Error openssl_error(std::string what);

}  // namespace rampart

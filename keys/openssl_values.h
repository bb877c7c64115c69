/// Owning pointers to OpenSSL's types; for the .cc files of this folder only.
#pragma once

#include <memory>
#include <string>

#include "keys/key_pair.h"

extern "C" {
struct bio_st;
struct evp_pkey_st;
struct CMS_ContentInfo_st;
struct pkcs8_priv_key_info_st;
struct X509_algor_st;
struct X509_sig_st;
struct x509_st;
struct stack_st_X509;
}

namespace rampart {

/// Frees an OpenSSL object of any of these types.
struct OpensslFree {
  void operator()(bio_st* value) const;
  void operator()(evp_pkey_st* value) const;
  void operator()(CMS_ContentInfo_st* value) const;
  void operator()(pkcs8_priv_key_info_st* value) const;
  void operator()(X509_algor_st* value) const;
  void operator()(X509_sig_st* value) const;
  void operator()(x509_st* value) const;
  void operator()(stack_st_X509* value) const;
};

using BioPtr = std::unique_ptr<bio_st, OpensslFree>;
using PkeyPtr = std::unique_ptr<evp_pkey_st, OpensslFree>;
using CmsPtr = std::unique_ptr<CMS_ContentInfo_st, OpensslFree>;
using Pkcs8Ptr = std::unique_ptr<pkcs8_priv_key_info_st, OpensslFree>;
using AlgorPtr = std::unique_ptr<X509_algor_st, OpensslFree>;
using SigPtr = std::unique_ptr<X509_sig_st, OpensslFree>;
using X509Ptr = std::unique_ptr<x509_st, OpensslFree>;
using CertificatesPtr = std::unique_ptr<stack_st_X509, OpensslFree>;

struct KeyPair::Handle {
  PkeyPtr key;
};

/// `what`, with OpenSSL's own reason, which never holds key material.
Error openssl_error(std::string what);

}  // namespace rampart

#include "keys/openssl_values.h"

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

namespace rampart {

void OpensslFree::operator()(bio_st* value) const { BIO_free_all(value); }
void OpensslFree::operator()(evp_pkey_st* value) const { EVP_PKEY_free(value); }
void OpensslFree::operator()(CMS_ContentInfo_st* value) const { CMS_ContentInfo_free(value); }
void OpensslFree::operator()(pkcs8_priv_key_info_st* value) const {
  PKCS8_PRIV_KEY_INFO_free(value);  // Wipes the key first.
}
void OpensslFree::operator()(X509_algor_st* value) const { X509_ALGOR_free(value); }
void OpensslFree::operator()(X509_sig_st* value) const { X509_SIG_free(value); }
void OpensslFree::operator()(x509_st* value) const { X509_free(value); }
void OpensslFree::operator()(stack_st_X509* value) const { sk_X509_pop_free(value, X509_free); }

Error openssl_error(std::string what) {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  if (reason != nullptr) what += std::string(": ") + reason;
  return Error{what};
}

}  // namespace rampart

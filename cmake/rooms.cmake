# The rooms of the source tree: one library per folder, in an order in which each knows only folders
# above it. KNOWS lists the folders whose headers it may include; LIBRARIES are third-party
# libraries. tests/rooms_test.py reads this file and checks every #include against it.

rampart_room(base
  LIBRARIES OpenSSL::Crypto LibXml2::LibXml2)
rampart_room(dns
  KNOWS base
  LIBRARIES PkgConfig::IDN2)
rampart_room(dns/resolver
  KNOWS base dns
  LIBRARIES PkgConfig::LDNS)
rampart_room(dns/zonefile
  KNOWS base dns)
rampart_room(mail/syntax
  KNOWS base)
rampart_room(mail/message
  KNOWS base dns mail/syntax)
rampart_room(mail/dkim
  KNOWS base dns mail/message mail/syntax
  LIBRARIES OpenSSL::Crypto)
rampart_room(mail/spf
  KNOWS base dns)
rampart_room(mail/dmarc
  KNOWS base dns mail/dkim mail/spf mail/syntax
  LIBRARIES PkgConfig::PSL)
rampart_room(mail/transport
  KNOWS base dns mail/dmarc mail/syntax)
rampart_room(mail/records
  KNOWS base dns mail/dkim mail/dmarc mail/spf mail/syntax mail/transport)
rampart_room(policies/model
  KNOWS base dns mail/dmarc mail/records mail/spf mail/transport)
rampart_room(policies/rules
  KNOWS base dns mail/dkim mail/dmarc mail/spf policies/model)
rampart_room(policies/dkim
  KNOWS base mail/dkim mail/spf policies/model policies/rules)
rampart_room(policies/spf
  KNOWS base dns mail/spf policies/model policies/rules)
rampart_room(policies/ramp
  KNOWS base mail/dmarc policies/dkim policies/model policies/spf)
rampart_room(policies/dmarc
  KNOWS base dns mail/dkim mail/dmarc mail/spf policies/dkim policies/model policies/ramp
        policies/rules policies/spf)
rampart_room(policies/guardrails
  KNOWS base mail/dkim mail/spf policies/dkim policies/dmarc policies/model policies/ramp
        policies/rules policies/spf)
rampart_room(policies/records
  KNOWS base dns mail/dkim mail/dmarc mail/transport policies/dkim policies/dmarc policies/model
        policies/rules)
rampart_room(policies/audit
  KNOWS base dns mail/dkim mail/dmarc mail/spf mail/transport policies/dkim policies/model
        policies/ramp policies/rules)
rampart_room(keys
  KNOWS base dns mail/dkim
  LIBRARIES OpenSSL::Crypto)
rampart_room(reports/input
  KNOWS base mail/dkim
  LIBRARIES PkgConfig::REPORTS)
rampart_room(reports/parse
  KNOWS base mail/dmarc mail/spf
  LIBRARIES LibXml2::LibXml2)
rampart_room(reports/tls
  KNOWS base dns reports/parse
  LIBRARIES nlohmann_json::nlohmann_json)
rampart_room(reports/failures
  KNOWS base dns mail/message mail/spf)
rampart_room(reports/store
  KNOWS base dns mail/dmarc mail/spf policies/model reports/failures reports/parse reports/tls
  LIBRARIES PkgConfig::REPORTS)
rampart_room(reports
  KNOWS base mail/dkim mail/dmarc mail/message policies/model reports/failures reports/input
        reports/parse reports/store reports/tls)
rampart_room(reports/analysis
  KNOWS base dns mail/dmarc mail/spf policies/dkim policies/model policies/spf reports
        reports/parse reports/store
  LIBRARIES nlohmann_json::nlohmann_json)
rampart_room(reports/mailbox
  KNOWS base dns reports
  LIBRARIES CURL::libcurl)
rampart_room(providers/http
  KNOWS base dns
  LIBRARIES CURL::libcurl)
rampart_room(providers/model
  KNOWS base dns providers/http
  LIBRARIES nlohmann_json::nlohmann_json)
rampart_room(providers/cloudflare
  KNOWS base dns providers/http providers/model
  LIBRARIES nlohmann_json::nlohmann_json)
rampart_room(providers/powerdns
  KNOWS base dns providers/http providers/model
  LIBRARIES nlohmann_json::nlohmann_json)
rampart_room(providers/rfc2136
  KNOWS base dns dns/resolver providers/http providers/model
  LIBRARIES OpenSSL::Crypto PkgConfig::LDNS)
rampart_room(providers/route53
  KNOWS base dns providers/http providers/model
  LIBRARIES OpenSSL::Crypto nlohmann_json::nlohmann_json)
rampart_room(providers/zonefile
  KNOWS base dns dns/zonefile providers/model)
rampart_room(providers
  KNOWS providers/cloudflare providers/model providers/powerdns providers/rfc2136
        providers/route53 providers/zonefile)
rampart_room(reconciler/plan
  KNOWS base mail/dkim mail/dmarc mail/records mail/spf mail/transport policies/dkim
        policies/dmarc policies/guardrails policies/model policies/ramp policies/records
        policies/rules policies/spf)
rampart_room(reconciler/documents
  KNOWS base dns mail/dkim policies/dmarc policies/model policies/spf reports/analysis
  LIBRARIES nlohmann_json::nlohmann_json)
rampart_room(reconciler/observe
  KNOWS base dns dns/resolver mail/dkim mail/dmarc mail/spf policies/audit policies/dkim
        policies/model policies/records policies/spf providers providers/http providers/model
        reconciler/documents reconciler/plan)
rampart_room(reconciler/config
  KNOWS base dns mail/dkim mail/dmarc mail/spf policies/model providers providers/model
  LIBRARIES yaml-cpp nlohmann_json::nlohmann_json)
rampart_room(reconciler/edit
  KNOWS base keys mail/dkim policies/dkim policies/model reconciler/config reconciler/observe)
rampart_room(reconciler/apply
  KNOWS dns policies/model reconciler/observe reconciler/plan)
rampart_room(reconciler/init
  KNOWS base dns mail/dkim mail/spf mail/transport policies/dkim policies/model policies/ramp
        policies/rules reconciler/config reconciler/observe reconciler/plan)
rampart_room(cli/views
  KNOWS base dns mail/dkim mail/dmarc mail/records mail/spf mail/syntax policies/audit
        policies/dkim policies/dmarc policies/model policies/ramp policies/spf reconciler/apply
        reconciler/config reconciler/documents reconciler/edit reconciler/observe reconciler/plan
        reports/analysis reports/failures reports/mailbox reports/parse reports/tls
  LIBRARIES nlohmann_json::nlohmann_json)
rampart_room(cli/context
  KNOWS base cli/views dns keys policies/dkim policies/model reconciler/config
        reconciler/documents reconciler/observe reconciler/plan reports reports/analysis)
rampart_room(cli/dashboard
  KNOWS base cli/context cli/views dns mail/dkim policies/audit policies/model policies/ramp
        reports/analysis reports/store)
rampart_room(cli/commands
  KNOWS base cli/context cli/dashboard cli/views dns keys mail/dmarc policies/audit policies/dkim
        policies/model policies/spf providers providers/http reconciler/apply reconciler/config
        reconciler/documents reconciler/edit reconciler/init reconciler/observe reconciler/plan
        reports reports/analysis reports/mailbox reports/store)
rampart_room(cli
  KNOWS base cli/commands
  LIBRARIES CLI11::CLI11)

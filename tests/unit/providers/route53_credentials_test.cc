// Where AWS credentials come from, in order, and what never shows in an error.
#include "providers/route53/credentials.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "providers/route53/tokens.h"

namespace fs = std::filesystem;
using namespace rampart;
using namespace rampart::route53;
using namespace std::chrono_literals;

namespace {

const auto kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 21) + 23h;

const std::string kSts =
    "<AssumeRoleWithWebIdentityResponse xmlns=\"x\"><AssumeRoleWithWebIdentityResult><Credentials>"
    "<AccessKeyId>ASIAWEB</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t"
    "</SessionToken><Expiration>2026-11-22T00:00:00Z</Expiration></Credentials>"
    "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";
const std::string kRole =
    "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId>"
    "<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>"
    "2026-11-22T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
const std::string kContainer =
    R"({"AccessKeyId":"ASIACONTAINER","SecretAccessKey":"s","Token":"t",)"
    R"("Expiration":"2026-11-22T00:00:00Z"})";
const std::string kInstance =
    R"({"Code":"Success","AccessKeyId":"ASIAINSTANCE","SecretAccessKey":"s","Token":"t",)"
    R"("Expiration":"2026-11-22T00:00:00.123Z"})";

/// A home folder with AWS's files, and a network that answers by URL.
struct World {
  World() {
    std::string pattern = (fs::temp_directory_path() / "rampart-test-XXXXXX").string();
    home = mkdtemp(pattern.data());
    fs::create_directory(home / ".aws");
    settings.name = "prod";
    settings.environment["HOME"] = home.string();
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World() { fs::remove_all(home); }

  void put(const std::string& name, const std::string& text) const {
    std::ofstream(home / name, std::ios::binary) << text;
  }

  std::string path(const std::string& name) const { return (home / name).string(); }

  CredentialChain chain() {
    const Clock clock{.now = [this] { return now; }, .sleep_for = [](std::chrono::nanoseconds) {}};
    return {settings, clock, [this](const HttpRequest& request) { return answer(request); }};
  }

  Exchange answer(const HttpRequest& request) {
    asked.push_back(request);
    for (const auto& [url, body] : answers) {
      if (request.url == url) return HttpResponse{.status = 200, .body = body};
    }
    return NoAnswer{.why = "nobody answers"};
  }

  /// The key id found, or the Error.
  std::string found() {
    CredentialChain one = chain();
    const auto credentials = one.get(secrets);
    return credentials ? credentials->key_id : sentence(credentials.error());
  }

  fs::path home;
  ProviderSettings settings;
  std::map<std::string, std::string> answers;
  std::vector<HttpRequest> asked;
  Secrets secrets;
  std::chrono::system_clock::time_point now = kNow;
};

const std::string kNone =
    "no AWS credentials were found: neither in the environment nor in the shared files, and no web "
    "identity, container role or instance role exists";

}  // namespace

TEST_CASE("the origins are tried in their order") {
  World world;
  auto& environment = world.settings.environment;
  CHECK(world.found() == kNone);
  world.answers["http://169.254.169.254/latest/api/token"] = "imds-token";
  const std::string roles = "http://169.254.169.254/latest/meta-data/iam/security-credentials/";
  world.answers[roles] = "role-1\n";
  world.answers[roles + "role-1"] = kInstance;
  CHECK(world.found() == "ASIAINSTANCE");
  CHECK(world.asked.back().headers[0].value == "imds-token");
  environment["AWS_EC2_METADATA_DISABLED"] = "true";
  CHECK(world.found() == kNone);
  environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/x";
  environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "container-token";
  world.answers["http://169.254.170.2/v2/x"] = kContainer;
  CHECK(world.found() == "ASIACONTAINER");
  CHECK(world.asked.back().headers[0].value == "container-token");
  environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = world.path("token");
  world.put("token", "a+b/c\n");
  CHECK(world.found() == "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not");
  environment["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/r";
  environment["AWS_REGION"] = "eu-west-1";
  world.answers["https://sts.eu-west-1.amazonaws.com/"] = kSts;
  CHECK(world.found() == "ASIAWEB");
  CHECK(world.asked.back().body ==
        "Version=2011-06-15&Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3A"
        "role%2Fr&RoleSessionName=rampart&WebIdentityToken=a%2Bb%2Fc");
  world.put(".aws/credentials",
            "[default]\naws_access_key_id = AKIADEFAULT\n"
            "aws_secret_access_key = s\n");
  CHECK(world.found() == "AKIADEFAULT");
  environment["AWS_ACCESS_KEY_ID"] = "AKIAENV";
  CHECK(world.found() == "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not");
  environment["AWS_SECRET_ACCESS_KEY"] = "s";
  CHECK(world.found() == "AKIAENV");
}

TEST_CASE("profiles are read from both files, and may assume a role") {
  World world;
  auto& environment = world.settings.environment;
  world.put(".aws/credentials",
            "# comment\n[keys]\naws_access_key_id=AKIAKEYS\naws_secret_access_key=s\n"
            "[both]\naws_access_key_id=AKIACREDENTIALS\naws_secret_access_key=s\n");
  world.put(".aws/config",
            "[profile both]\naws_access_key_id=AKIACONFIG\naws_secret_access_key=s\n"
            "[profile config]\naws_access_key_id=AKIACONFIG\naws_secret_access_key=s\n"
            "s3 =\n  addressing_style = path\n"
            "[profile role]\nrole_arn=arn:r\nsource_profile=keys\nexternal_id=e 1\n"
            "[profile loop]\nrole_arn=arn:r\nsource_profile=loop2\n"
            "[profile loop2]\nrole_arn=arn:r\nsource_profile=loop\n"
            "[profile sso]\nsso_session=x\n[keys]\naws_access_key_id=AKIAWRONG\n");
  world.answers["https://sts.us-east-1.amazonaws.com/"] = kRole;
  const auto with = [&](const std::string& profile) {
    environment["AWS_PROFILE"] = profile;
    return world.found();
  };
  CHECK(with("keys") == "AKIAKEYS");
  CHECK(with("both") == "AKIACREDENTIALS");
  CHECK(with("config") == "AKIACONFIG");
  CHECK(with("role") == "ASIAROLE");
  CHECK(world.asked.back().body.find("ExternalId=e%201") != std::string::npos);
  CHECK(world.asked.back().headers.back().value.find("Credential=AKIAKEYS/") != std::string::npos);
  CHECK(with("loop") == "AWS profiles refer to each other in a loop, or in more than four steps");
  CHECK(with("none") == "there is no AWS profile \"none\" in the shared files");
  CHECK(with("sso").find("holds no keys; for single sign-on") != std::string::npos);
  environment["AWS_SHARED_CREDENTIALS_FILE"] = world.path("elsewhere");
  world.put("elsewhere", "[keys]\naws_access_key_id=AKIAELSEWHERE\naws_secret_access_key=s\n");
  CHECK(with("keys") == "AKIAELSEWHERE");
}

TEST_CASE("an account of its own name is never mixed with the plain one") {
  World world;
  auto& environment = world.settings.environment;
  environment["AWS_ACCESS_KEY_ID"] = "AKIAPLAIN";
  environment["AWS_SECRET_ACCESS_KEY"] = "plain";
  environment["AWS_SESSION_TOKEN"] = "plain-token";
  environment["AWS_ACCESS_KEY_ID_PROD"] = "AKIAPROD";
  CHECK(world.found() == "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not");
  environment["AWS_SECRET_ACCESS_KEY_PROD"] = "prod";
  CredentialChain chain = world.chain();
  const auto credentials = chain.get(world.secrets);
  REQUIRE(credentials.ok());
  CHECK(credentials->key_id == "AKIAPROD");
  CHECK(credentials->secret == "prod");
  CHECK(credentials->session_token.empty());
  environment.erase("AWS_ACCESS_KEY_ID_PROD");
  environment["AWS_PROFILE_PROD"] = "p";
  world.put(".aws/credentials", "[p]\naws_access_key_id=AKIAP\naws_secret_access_key=s\n");
  CHECK(world.found() == "AKIAP");
}

TEST_CASE("temporary credentials are renewed shortly before they expire") {
  World world;
  world.settings.environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://127.0.0.1:1/x";
  world.answers["http://127.0.0.1:1/x"] = kContainer;
  CredentialChain chain = world.chain();
  for (const auto& [passed, asked] : {std::pair(0min, 1U), {54min, 1U}, {55min, 2U}, {59min, 3U}}) {
    world.now = kNow + passed;
    REQUIRE(chain.get(world.secrets).ok());
    CHECK(world.asked.size() == asked);
  }
}

TEST_CASE("no token shows when STS refuses it") {
  World world;
  world.settings.environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = world.path("token");
  world.settings.environment["AWS_ROLE_ARN"] = "arn:r";
  world.put("token", "eyJsecret\n");
  const Clock clock{.now = [] { return kNow; }, .sleep_for = [](std::chrono::nanoseconds) {}};
  CredentialChain chain(world.settings, clock, [](const HttpRequest&) {
    return HttpResponse{.status = 400,
                        .body =
                            "<ErrorResponse><Error><Code>InvalidIdentityToken</Code><Message>"
                            "eyJsecret is bad</Message></Error></ErrorResponse>"};
  });
  const auto credentials = chain.get(world.secrets);
  REQUIRE(!credentials.ok());
  CHECK(sentence(credentials.error()) ==
        "assuming the role: InvalidIdentityToken: [redacted] is bad");
}

TEST_CASE("answers that hold no credentials are refused") {
  const auto metadata = [](int status, const std::string& body) {
    return read_metadata({.status = status, .body = body}).ok();
  };
  CHECK(metadata(200, kContainer));
  CHECK_FALSE(metadata(404, kContainer));
  CHECK_FALSE(metadata(200, "no JSON"));
  CHECK_FALSE(metadata(200, "[]"));
  CHECK_FALSE(metadata(200, R"({"AccessKeyId":1})"));
  CHECK_FALSE(metadata(200, R"({"AccessKeyId":"a","SecretAccessKey":"s","Expiration":"soon"})"));
  CHECK_FALSE(read_sts({.status = 200, .body = kRole}, "Other").ok());
  CHECK_FALSE(read_sts({.status = 200, .body = "<cut"}, "AssumeRoleResult").ok());
  CHECK(read_instant("2026-11-21T23:00:00Z") == kNow);
  CHECK_FALSE(read_instant("2026-11-21 23:00:00Z"));
  CHECK_FALSE(read_instant("2026-02-30T23:00:00Z"));
}

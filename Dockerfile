# Rampart on Debian 12: built in one stage, installed as its own package in the other.
FROM debian:12-slim AS build
COPY . /source
RUN /source/packaging/make-package /package

FROM debian:12-slim
RUN --mount=from=build,source=/package,target=/package \
    apt-get -qq update && \
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
      /package/*.deb git && \
    rm -rf /var/lib/apt/lists/* && \
    useradd --create-home --uid 10001 rampart
USER rampart
WORKDIR /mail
ENTRYPOINT ["rampart"]
CMD ["--help"]

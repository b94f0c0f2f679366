# bmtd and bmtctl on Debian 12: built in one stage, run in another without compilers, as a user without rights, on a
# read-only root file system. Settings and secrets are mounted at /etc/bmt.
FROM docker.io/library/debian:bookworm-slim AS build
COPY tools/packages.txt tools/install tools/progress.sh /src/tools/
WORKDIR /src
RUN tools/install image-build
COPY . /src
RUN cmake --preset release && cmake --build build/release && cmake --install build/release --prefix /opt/bmt --strip

FROM docker.io/library/debian:bookworm-slim
COPY tools/packages.txt tools/install tools/progress.sh /tmp/tools/
RUN cd /tmp && tools/install image-run && rm -rf /tmp/tools /var/lib/apt/lists/*
COPY --from=build /opt/bmt/bin /usr/local/bin
USER 10001:10001
EXPOSE 7450 7451
# grpc.health.v1; needs no credential
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["bmtctl", "health"]
ENTRYPOINT ["bmtd", "--config", "/etc/bmt/bmtd.conf"]

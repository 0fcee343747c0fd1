# A small image of areq: docker build -t areq . && docker run --rm -i areq - <urls.txt >foundurls.tsv
FROM debian:12-slim AS build
COPY . /source
WORKDIR /source
RUN sh .ci/packages build && make -j"$(nproc)" && make install DESTDIR=/image PREFIX=/usr

FROM debian:12-slim
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends ca-certificates libcurl4 libpcre2-8-0 libxml2 \
	libidn2-0 libc-ares2 zlib1g libbrotli1 libzstd1 libxxhash0 libpsl5 libsqlite3-0 libhiredis0.14 && rm -rf /var/lib/apt/lists/*
COPY --from=build /image /
USER nobody
ENTRYPOINT ["areq"]

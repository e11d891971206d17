# The page, the command line and a Dask worker, for a CPU. docs/how_to/container.md says how to build and to run it.
FROM python:3.12-slim AS build
WORKDIR /source
COPY setup.py setup.cfg pyproject.toml README.md LICENSE ./
COPY pydeblur pydeblur
COPY weights weights
COPY matlab_ref/dropin matlab_ref/dropin
RUN python -m venv /opt/pydeblur
RUN /opt/pydeblur/bin/pip install --no-cache-dir ".[serve,fast,tiff,cluster]"

FROM python:3.12-slim
COPY --from=build /opt/pydeblur /opt/pydeblur
# Whoever runs it has no rights on this system, and nothing but /tmp is written to.
ENV PATH=/opt/pydeblur/bin:$PATH HOME=/tmp NUMBA_CACHE_DIR=/tmp/numba PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /tmp
EXPOSE 8765
STOPSIGNAL SIGINT
ENTRYPOINT ["pydeblur"]
CMD ["serve", "--host", "0.0.0.0"]

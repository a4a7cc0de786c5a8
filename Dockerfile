# docker build -t evenfield . && docker run --rm -v "$PWD/results:/evenfield/results" evenfield
# By tag, for no digest could be verified where this was written; pin it before you rely
# on the same image: docker buildx imagetools inspect python:3.13-slim
FROM python:3.13-slim
# Nothing runs as root; the folder results has to be writable for this user.
RUN useradd --create-home --uid 1000 evenfield
WORKDIR /evenfield
RUN chown evenfield /evenfield
USER evenfield
# The environment first: it is built again only when the lock changes.
COPY --chown=evenfield run requirements.lock ./
RUN python run install
COPY --chown=evenfield . .
CMD ["python", "run"]

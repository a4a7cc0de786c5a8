# docker build -t evenfield . && docker run --rm -v "$PWD/results:/evenfield/results" evenfield
FROM python:3.13-slim
WORKDIR /evenfield
# The environment first: it is built again only when the lock changes.
COPY run requirements.lock ./
RUN python run install
COPY . .
CMD ["python", "run"]

"""One file an estimator: arrays with ids in, a result out that knows its rows."""

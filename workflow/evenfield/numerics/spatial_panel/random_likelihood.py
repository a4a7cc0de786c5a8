"""Likelihoods with random unit effects, as generalised cross-products and a log-determinant with derivatives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.columns import ModelColumns
from evenfield.numerics.spatial_panel.likelihood import PanelMoments
from evenfield.numerics.spatial_panel.network import Network

LARGEST_DENSE = 3000


@dataclass(frozen=True)
class Pieces:
    """A likelihood at one (d, phi): ln-determinant part and GLS cross-products of [outcome, X], with derivatives."""

    log: float  # part of the log-likelihood that holds no residual, and its derivatives
    log_d: float
    log_phi: float
    cross: np.ndarray  # (1 + K, 1 + K) cross-products in the metric of the errors, and their derivatives
    cross_d: np.ndarray
    cross_phi: np.ndarray


@dataclass(frozen=True)
class RandomLikelihood(ABC):
    """Gaussian likelihood l = log - NT/2 ln(2 pi s2) - w' cross w / (2 s2), w = (1, -b)."""

    moments: PanelMoments  # cross-products of the columns less their grand means
    columns: ModelColumns  # the columns
    network: Network  # weights

    @abstractmethod
    def pieces(self, d: float, phi: float) -> Pieces:
        """Return the likelihood's pieces at a spatial parameter and a variance ratio."""

    @property
    def t(self) -> int:
        """Number of periods."""
        return int(self.columns.values.shape[1])

    @cached_property
    def _means(self) -> np.ndarray:
        """Unit means of all columns, shape (N, 3 + 2K)."""
        out = np.zeros((self.network.n, len(self.moments.gram)))
        out[:, self.columns.places] = self.columns.values.mean(axis=1) / self.columns.lengths
        return out

    @cached_property
    def _between(self) -> np.ndarray:
        return np.asarray(self.t * self._means.T @ self._means)

    def profile(self, d: float, phi: float) -> tuple[np.ndarray, float]:
        """Return coefficients and variance at given d and phi."""
        cross = self.pieces(d, phi).cross
        beta = np.linalg.solve(cross[1:, 1:], cross[1:, 0])
        return beta, float(cross[0, 0] - cross[0, 1:] @ beta) / self.moments.counts.observations

    def log_likelihood(self, d: float, phi: float) -> float:
        """Return the concentrated log-likelihood."""
        n, sigma2 = self.moments.counts.observations, self.profile(d, phi)[1]
        return self.pieces(d, phi).log - 0.5 * n * (float(np.log(2 * np.pi * sigma2)) + 1)

    def score(self, d: float, phi: float) -> np.ndarray:
        """Return the derivatives of the concentrated log-likelihood in d and phi; shape (2,)."""
        beta, sigma2 = self.profile(d, phi)
        full = self.full_score(np.array([d, *beta, phi, sigma2]))
        return full[[0, -2]]

    def full_score(self, vector: np.ndarray) -> np.ndarray:
        """Return the derivatives of the log-likelihood in all parameters; vector (K + 3,) -> (K + 3,)."""
        d, beta, phi, s2 = float(vector[0]), vector[1:-2], float(vector[-2]), float(vector[-1])
        at, w, n = self.pieces(d, phi), np.concatenate([[1.0], -beta]), self.moments.counts.observations
        by_d, by_phi = (log - float(w @ cross @ w) / (2 * s2)
                        for log, cross in ((at.log_d, at.cross_d), (at.log_phi, at.cross_phi)))  # fmt: skip
        by_s2 = float(w @ at.cross @ w) / (2 * s2**2) - n / (2 * s2)
        return np.array([by_d, *((at.cross @ w)[1:] / s2), by_phi, by_s2])


class LagLikelihood(RandomLikelihood):
    """SAR and SDM: e = y - rho W y - X b has variance s2 (I + phi J_T x I)."""

    def pieces(self, d: float, phi: float) -> Pieces:
        """Return the pieces: between-unit cross-products count psi = 1 / (1 + T phi)."""
        psi, rho = 1.0 / (1.0 + self.t * phi), np.asarray(d)
        A, slope = self.moments.columns(rho, np.asarray(0.0)), self.moments.column_slopes(d, 0.0)[0]
        gram = self.moments.gram - (1.0 - psi) * self._between
        half = slope.T @ gram @ A
        return Pieces(
            log=float(self.moments.jacobian(rho)) + 0.5 * self.network.n * float(np.log(psi)),
            log_d=float(self.moments.jacobian_slope(rho)),
            log_phi=-0.5 * self.network.n * self.t * psi,
            cross=A.T @ gram @ A,
            cross_d=half + half.T,
            cross_phi=-self.t * psi**2 * (A.T @ self._between @ A),
        )


class ErrorLikelihood(RandomLikelihood):
    """SEM and SDEM: u = mu + v, v = lambda W v + e; the unit means have variance s2 (phi I + (B'B)^-1 / T)."""

    def pieces(self, d: float, phi: float) -> Pieces:
        """Return the pieces, with B = I - lambda W, K = I + T phi B B' and V the filtered unit means."""
        t, lam = self.t, np.asarray(d)
        A, slope = self.moments.columns(np.asarray(0.0), lam), self.moments.column_slopes(0.0, d)[1]
        square, square_d = self._filter_square(d)
        inverse = np.linalg.inv(np.eye(self.network.n) + t * phi * square)
        V, V_d = self._means @ A, self._means @ slope
        # The constant is concentrated out in the metric of the unit means, where it is no eigenvector.
        level = inverse.sum(axis=0)
        V = V - (level @ V) / level.sum()
        U, within = inverse @ V, self.moments.gram - self._between
        half = slope.T @ within @ A + t * V_d.T @ U
        return Pieces(
            log=float(self.moments.jacobian(lam)) + 0.5 * float(np.linalg.slogdet(inverse)[1]),
            log_d=float(self.moments.jacobian_slope(lam)) - 0.5 * t * phi * float(np.vdot(inverse, square_d)),
            log_phi=-0.5 * t * float(np.vdot(inverse, square)),
            cross=A.T @ within @ A + t * V.T @ U,
            cross_d=half + half.T - t**2 * phi * (U.T @ square_d @ U),
            cross_phi=-(t**2) * (U.T @ square @ U),
        )

    def _filter_square(self, lam: float) -> tuple[np.ndarray, np.ndarray]:
        """Return B B' and its derivative in lambda."""
        links, squares = self._link_matrices
        return np.eye(self.network.n) - lam * links + lam**2 * squares, 2 * lam * squares - links

    @cached_property
    def _link_matrices(self) -> tuple[np.ndarray, np.ndarray]:
        if self.network.n > LARGEST_DENSE:
            raise NumericsError(f"random effects with spatial errors need a dense matrix; {self.network.n} units")
        w = self.network.matrix.toarray()
        return w + w.T, w @ w.T

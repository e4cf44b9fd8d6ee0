"""One bi-level step of patch reweighting, written with several Python libraries.

Nets, inputs and losses are those of //benchmarks:step_cost, in plain PyTorch:
FFA-Net (Qin et al., AAAI 2020), narrowed, the patch reweighting network (three
scales of residual blocks, one logit per patch), noise for patches, L1. A
library's step is written as its own examples write one. What each has to do:

1. weights w = softmax(zscore(logits)) of the training batch, a graph to phi;
2. theta's step by SGD on the weighted loss;
3. the validation loss at the new theta, and its gradient with respect to phi;
4. phi's step by Adam, and the new theta kept as an ordinary leaf.

Where autograd goes back through theta's step, a plain backward() also fills the
gradient of the theta before the step, a Hessian-vector product that nobody
needs; `phi_only` asks for phi's alone. bilevel_libraries.py checks and times.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from dataclasses import dataclass

import higher
import torch
import torchopt
from betty.configs import Config, EngineConfig
from betty.engine import Engine
from betty.problems import ImplicitProblem
from torch import Tensor, nn
from torch.func import functional_call

PHI_LEARNING_RATE = 1e-3
FFA_MEAN = (0.64, 0.60, 0.58)  # Of its input, RGB.
FFA_STD = (0.14, 0.15, 0.152)


def conv(inputs: int, outputs: int, side: int, stride: int = 1) -> nn.Conv2d:
    """With a bias and zero padding that keeps the size at stride 1."""
    return nn.Conv2d(inputs, outputs, side, stride=stride, padding=side // 2)


class ChannelAttention(nn.Module):
    """One factor per channel, from the mean of each."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.avg_pool = nn.AdaptiveAvgPool2d(1)
        self.ca = nn.Sequential(conv(dim, dim // 8, 1), nn.ReLU(inplace=True), conv(dim // 8, dim, 1), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] -> the same."""
        return x * self.ca(self.avg_pool(x))


class PixelAttention(nn.Module):
    """One factor per pixel."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.pa = nn.Sequential(conv(dim, dim // 8, 1), nn.ReLU(inplace=True), conv(dim // 8, 1, 1), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] -> the same."""
        return x * self.pa(x)


class FfaBlock(nn.Module):
    """Two convolutions, both attentions, two skips."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv1 = conv(dim, dim, 3)
        self.act1 = nn.ReLU(inplace=True)
        self.conv2 = conv(dim, dim, 3)
        self.calayer = ChannelAttention(dim)
        self.palayer = PixelAttention(dim)

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] -> the same."""
        inner = self.conv2(self.act1(self.conv1(x)) + x)
        return self.palayer(self.calayer(inner)) + x


class FfaGroup(nn.Module):
    """Blocks, a convolution, a skip around all of them."""

    def __init__(self, dim: int, blocks: int) -> None:
        super().__init__()
        self.gp = nn.Sequential(*(FfaBlock(dim) for _ in range(blocks)), conv(dim, dim, 3))

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] -> the same."""
        return self.gp(x) + x


class Ffa(nn.Module):
    """FFA-Net with three groups; `dim` 16 or a multiple of it."""

    def __init__(self, dim: int, blocks: int) -> None:
        super().__init__()
        self.dim = dim
        self.g1 = FfaGroup(dim, blocks)
        self.g2 = FfaGroup(dim, blocks)
        self.g3 = FfaGroup(dim, blocks)
        self.ca = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), conv(3 * dim, dim // 16, 1), nn.ReLU(inplace=True), conv(dim // 16, 3 * dim, 1), nn.Sigmoid()
        )
        self.palayer = PixelAttention(dim)
        self.pre = nn.Sequential(conv(3, dim, 3))
        self.post = nn.Sequential(conv(dim, dim, 3), conv(dim, 3, 3))

    def forward(self, hazy: Tensor) -> Tensor:
        """Normalised hazy [N, 3, H, W] -> restored, the same shape."""
        first = self.g1(self.pre(hazy))
        second = self.g2(first)
        third = self.g3(second)
        share = self.ca(torch.cat([first, second, third], 1)).view(-1, 3, self.dim, 1, 1)
        fused = self.palayer(share[:, 0] * first + share[:, 1] * second + share[:, 2] * third)
        return self.post(fused) + hazy


class ResidualBlock(nn.Sequential):
    """conv, LeakyReLU, conv, and the input added before the last LeakyReLU."""

    def __init__(self, channels: int) -> None:
        super().__init__(conv(channels, channels, 3), nn.LeakyReLU(0.2), conv(channels, channels, 3))

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] -> the same."""
        return nn.functional.leaky_relu(x + super().forward(x), 0.2)


class ReweightingNetwork(nn.Module):
    """One logit per patch from the hazy patch and its clear one."""

    def __init__(self) -> None:
        super().__init__()
        stages: list[nn.Module] = []
        before = 6
        for channels in (32, 64, 128):
            stages += [conv(before, channels, 3, stride=2), nn.LeakyReLU(0.2), ResidualBlock(channels), ResidualBlock(channels)]
            before = channels
        self.stages = nn.Sequential(*stages)
        self.linear = nn.Sequential(nn.Linear(128, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, hazy: Tensor, clear: Tensor) -> Tensor:
        """[N, 3, H, W] twice -> logits [N]."""
        return self.linear(self.stages(torch.cat([hazy, clear], 1)).mean((2, 3))).squeeze(1)


@dataclass(frozen=True)
class Patches:
    """Hazy as the net receives it, clear in [0, 1], both [N, 3, P, P]."""

    hazy: Tensor
    clear: Tensor


@dataclass
class Case:
    """What a step trains, and on what."""

    net: nn.Module
    network: ReweightingNetwork
    training: Patches
    validation: Patches
    learning_rate: float

    def own_copy(self) -> Case:
        """With parameters of its own; the patches are shared."""
        return Case(copy.deepcopy(self.net), copy.deepcopy(self.network), self.training, self.validation, self.learning_rate)


def noise_patches(count: int, crop_px: int, dtype: torch.dtype, seed: int) -> Patches:
    """Uniform noise; the same numbers in every dtype."""
    random = torch.Generator().manual_seed(seed)
    hazy, clear = torch.rand(2, count, 3, crop_px, crop_px, dtype=torch.float64, generator=random)
    mean, std = (torch.tensor(values, dtype=torch.float64).view(1, 3, 1, 1) for values in (FFA_MEAN, FFA_STD))
    return Patches(((hazy - mean) / std).to(dtype), clear.to(dtype))


def make_case(dim: int, blocks: int, batch: int, validation_batch: int, crop_px: int, dtype: torch.dtype, learning_rate: float) -> Case:
    """From a fixed seed, parameters as PyTorch's layers start them."""
    torch.manual_seed(1)
    return Case(
        Ffa(dim, blocks).to(dtype),
        ReweightingNetwork().to(dtype),
        noise_patches(batch, crop_px, dtype, 2),
        noise_patches(validation_batch, crop_px, dtype, 3),
        learning_rate,
    )


def patch_losses(output: Tensor, clear: Tensor) -> Tensor:
    """L1 of every patch, [N]."""
    return (output - clear).abs().mean((1, 2, 3))


def log_weights(network: nn.Module, patches: Patches) -> Tensor:
    """log softmax of the z-scored logits, [N]."""
    logits = network(patches.hazy, patches.clear)
    return torch.log_softmax((logits - logits.mean()) / logits.std(), 0)


def keep(net: nn.Module, parameters: list[Tensor]) -> None:
    """Copies a differentiable update's new parameters into the net's own."""
    with torch.no_grad():
        for own, new in zip(net.parameters(), parameters):
            own.copy_(new)


@dataclass
class Step:
    """A step of one library, ready to be made again and again."""

    run: Callable[[], None]
    net: nn.Module  # Its theta is that after the last step.
    phi_gradient: Callable[[], Tensor]  # Of the last step, flat.


def gradient_of(network: nn.Module) -> Callable[[], Tensor]:
    """Reads what a backward pass left in the parameters."""
    return lambda: torch.cat([parameter.grad.flatten() for parameter in network.parameters()])


def phi_optimizer_of(network: nn.Module) -> torch.optim.Adam:
    """The same for every step."""
    return torch.optim.Adam(network.parameters(), lr=PHI_LEARNING_RATE)


def plain_step(case: Case) -> Step:
    """Training without weights: forward, backward of the mean loss, SGD."""
    optimizer = torch.optim.SGD(case.net.parameters(), lr=case.learning_rate)

    def run() -> None:
        optimizer.zero_grad()
        patch_losses(case.net(case.training.hazy), case.training.clear).mean().backward()
        optimizer.step()

    return Step(run, case.net, gradient_of(case.network))


def floor_step(case: Case) -> Step:
    """What no first-order bi-level step can do without, with given rewards."""
    plain = plain_step(case)
    optimizer = phi_optimizer_of(case.network)
    theta = list(case.net.parameters())
    rewards = torch.rand(len(case.training.hazy), generator=torch.Generator().manual_seed(4)).to(case.training.hazy.dtype)

    def run() -> None:
        logs = log_weights(case.network, case.training)
        plain.run()
        torch.autograd.grad(patch_losses(case.net(case.validation.hazy), case.validation.clear).mean(), theta)
        optimizer.zero_grad()
        (-(logs.detach().exp() * rewards * logs).sum()).backward()
        optimizer.step()

    return Step(run, case.net, gradient_of(case.network))


def by_hand_step(case: Case) -> Step:
    """Autograd through the update, with nothing but PyTorch, phi's gradient only."""
    optimizer = phi_optimizer_of(case.network)
    phi = list(case.network.parameters())

    def run() -> None:
        theta = dict(case.net.named_parameters())
        losses = patch_losses(case.net(case.training.hazy), case.training.clear)
        inner = (log_weights(case.network, case.training).exp() * losses).sum()
        gradients = torch.autograd.grad(inner, list(theta.values()), create_graph=True)
        moved = {name: value - case.learning_rate * gradient for (name, value), gradient in zip(theta.items(), gradients)}
        restored = functional_call(case.net, moved, (case.validation.hazy,))
        optimizer.zero_grad()
        patch_losses(restored, case.validation.clear).mean().backward(inputs=phi)
        optimizer.step()
        keep(case.net, list(moved.values()))

    return Step(run, case.net, gradient_of(case.network))


def higher_step(case: Case, phi_only: bool) -> Step:
    """higher.innerloop_ctx around torch.optim.SGD."""
    inner_optimizer = torch.optim.SGD(case.net.parameters(), lr=case.learning_rate)
    optimizer = phi_optimizer_of(case.network)
    inputs = list(case.network.parameters()) if phi_only else None

    def run() -> None:
        with higher.innerloop_ctx(case.net, inner_optimizer) as (net, differentiable_optimizer):
            losses = patch_losses(net(case.training.hazy), case.training.clear)
            differentiable_optimizer.step((log_weights(case.network, case.training).exp() * losses).sum())
            optimizer.zero_grad()
            patch_losses(net(case.validation.hazy), case.validation.clear).mean().backward(inputs=inputs)
            optimizer.step()
            keep(case.net, list(net.parameters()))

    return Step(run, case.net, gradient_of(case.network))


def torchopt_step(case: Case, phi_only: bool) -> Step:
    """torchopt.MetaSGD, which moves the net itself."""
    inner_optimizer = torchopt.MetaSGD(case.net, lr=case.learning_rate)
    optimizer = phi_optimizer_of(case.network)
    inputs = list(case.network.parameters()) if phi_only else None

    def run() -> None:
        losses = patch_losses(case.net(case.training.hazy), case.training.clear)
        inner_optimizer.step((log_weights(case.network, case.training).exp() * losses).sum())
        optimizer.zero_grad()
        patch_losses(case.net(case.validation.hazy), case.validation.clear).mean().backward(inputs=inputs)
        optimizer.step()
        torchopt.stop_gradient(case.net)

    return Step(run, case.net, gradient_of(case.network))


class InnerProblem(ImplicitProblem):
    """theta: the weighted training loss."""

    def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        """The loss of a (hazy, clear) batch."""
        patches = Patches(*batch)
        losses = patch_losses(self.module(patches.hazy), patches.clear)
        return (log_weights(self.outer, patches).exp() * losses).sum()


class OuterProblem(ImplicitProblem):
    """phi: the validation loss, which reaches phi through theta only."""

    last_gradient: Tensor

    def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        """The loss of a (hazy, clear) batch."""
        patches = Patches(*batch)
        return patch_losses(self.inner(patches.hazy), patches.clear).mean()

    def param_callback(self, *_: object) -> None:
        """Called after the step and before the gradients are dropped."""
        self.last_gradient = gradient_of(self.module)()


def betty_step(case: Case) -> Step:
    """Engine with two ImplicitProblems, hypergradient and unrolling as they come: "darts", one step."""
    inner = InnerProblem(
        name="inner",
        config=Config(type="darts", unroll_steps=1),
        module=case.net,
        optimizer=torch.optim.SGD(case.net.parameters(), lr=case.learning_rate),
        train_data_loader=[(case.training.hazy, case.training.clear)],
    )
    outer = OuterProblem(
        name="outer",
        config=Config(retain_graph=True),
        module=case.network,
        optimizer=phi_optimizer_of(case.network),
        train_data_loader=[(case.validation.hazy, case.validation.clear)],
    )
    logging.getLogger("betty").disabled = True
    engine = Engine(
        problems=[outer, inner],
        config=EngineConfig(train_iters=1),
        dependencies={"u2l": {outer: [inner]}, "l2u": {inner: [outer]}},
    )
    # It leaves the inner step size out of phi's gradient.
    return Step(engine.run, case.net, lambda: case.learning_rate * outer.last_gradient)


REFERENCE_STEPS: dict[str, Callable[[Case], Step]] = {"plain": plain_step, "floor": floor_step}
BILEVEL_STEPS: dict[str, Callable[[Case], Step]] = {
    "autograd by hand": by_hand_step,
    "higher": lambda case: higher_step(case, phi_only=False),
    "higher, φ's gradient only": lambda case: higher_step(case, phi_only=True),
    "TorchOpt": lambda case: torchopt_step(case, phi_only=False),
    "TorchOpt, φ's gradient only": lambda case: torchopt_step(case, phi_only=True),
    "betty": betty_step,
}

"""The public contract of layers, networks and learners, for plug-ins as for what is built in.

Each check raises an AssertionError that says what was broken.
"""

from saliency_zoo.testing.arrays import gradients as gradients
from saliency_zoo.testing.layers import check_layer as check_layer
from saliency_zoo.testing.layers import layer_examples as layer_examples
from saliency_zoo.testing.learners import check_learner as check_learner
from saliency_zoo.testing.learners import example_batch as example_batch
from saliency_zoo.testing.learners import example_batches as example_batches
from saliency_zoo.testing.networks import check_network as check_network
from saliency_zoo.testing.networks import network_example as network_example
from saliency_zoo.testing.replicas import split_cpu as split_cpu
from saliency_zoo.testing.replicas import two_replicas as two_replicas

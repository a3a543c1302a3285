"""The five Keras architectures, declared as the report declares them, and the variants that lack some of their layers.

Layer names are Keras's defaults. Dropout is a parameter: the parity fixtures are computed with rate 0.
"""

import keras
from keras import Input, Model, Sequential
from keras.layers import (
    Activation,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    LeakyReLU,
    MaxPooling2D,
    Reshape,
)


def sequential(name, rate):
    """Sections 2.1 and 2.3."""
    return Sequential(
        [
            Input((28, 28, 1)),
            Conv2D(64, 3, activation="relu"),
            BatchNormalization(),
            Conv2D(64, 3, activation="relu"),
            BatchNormalization(),
            MaxPooling2D(2),
            Conv2D(64, 3, activation="relu"),
            BatchNormalization(),
            MaxPooling2D(2),
            Flatten(),
            Dense(512, activation="relu"),
            BatchNormalization(),
            Dropout(rate),
            Dense(10),
            Activation("softmax"),
        ],
        name=name,
    )


def sequential_without_batch_normalization(name, rate):
    """Sections 2.1 and 2.3 without BatchNormalization."""
    return Sequential(
        [
            Input((28, 28, 1)),
            Conv2D(64, 3, activation="relu"),
            Conv2D(64, 3, activation="relu"),
            MaxPooling2D(2),
            Conv2D(64, 3, activation="relu"),
            MaxPooling2D(2),
            Flatten(),
            Dense(512, activation="relu"),
            Dropout(rate),
            Dense(10),
            Activation("softmax"),
        ],
        name=name,
    )


def sequential_without_dropout(name, _):
    """Sections 2.1 and 2.3 without Dropout."""
    return Sequential(
        [
            Input((28, 28, 1)),
            Conv2D(64, 3, activation="relu"),
            BatchNormalization(),
            Conv2D(64, 3, activation="relu"),
            BatchNormalization(),
            MaxPooling2D(2),
            Conv2D(64, 3, activation="relu"),
            BatchNormalization(),
            MaxPooling2D(2),
            Flatten(),
            Dense(512, activation="relu"),
            BatchNormalization(),
            Dense(10),
            Activation("softmax"),
        ],
        name=name,
    )


def functional(name, rate):
    """Sections 2.2 and 2.4: the image joins the output of a convolutional trunk."""
    image = Input((28, 28, 1))
    x = Conv2D(64, 3, activation="relu")(image)
    x = BatchNormalization()(x)
    x = Conv2D(64, 3, activation="relu")(x)
    x = BatchNormalization()(x)
    x = MaxPooling2D(2)(x)
    x = Conv2D(64, 3, activation="relu")(x)
    x = BatchNormalization()(x)
    x = MaxPooling2D(2)(x)
    x = Flatten()(x)
    x = Dense(784, activation="relu")(x)
    x = BatchNormalization()(x)
    x = Reshape((28, 28, 1))(x)
    x = Concatenate()([image, x])
    x = Flatten()(x)
    x = Dropout(rate)(x)
    return Model(image, Dense(10, activation="softmax")(x), name=name)


def best(name, rate):
    """Section 2.5: two convolutional branches, A and B, both joined to the image."""
    image = Input((28, 28, 1))

    def conv_block(x, size, padding):
        x = Conv2D(128, size, padding=padding)(x)
        x = LeakyReLU(0.5)(x)
        return BatchNormalization()(x)

    def picture(x):
        x = Flatten()(x)
        x = Dense(784)(x)
        x = LeakyReLU(0.5)(x)
        x = BatchNormalization()(x)
        return Reshape((28, 28, 1))(x)

    a = conv_block(image, 3, "valid")
    a = conv_block(a, 3, "valid")
    a = MaxPooling2D(2)(a)
    a = conv_block(a, 3, "valid")
    a = MaxPooling2D(2)(a)
    a = picture(a)

    b = conv_block(image, 4, "same")
    b = MaxPooling2D(2)(b)
    b = picture(b)

    x = Concatenate()([image, a])
    x = Concatenate()([x, b])
    x = Flatten()(x)
    x = Dropout(rate)(x)
    return Model(image, Dense(10, activation="softmax")(x), name=name)


# name: (declaration, data set, epochs)
MODELS = {
    "mnist-seq": (sequential, "mnist", 11),
    "mnist-func": (functional, "mnist", 11),
    "fashion-seq": (sequential, "fashion-mnist", 11),
    "fashion-func": (functional, "fashion-mnist", 11),
    "fashion-best": (best, "fashion-mnist", 25),
    "mnist-seq-nobn": (sequential_without_batch_normalization, "mnist", 11),
    "fashion-seq-nobn": (sequential_without_batch_normalization, "fashion-mnist", 11),
    "fashion-seq-nodropout": (sequential_without_dropout, "fashion-mnist", 11),
}


def build(name, dropout=0.5):
    """A new model with default layer names counted from the start."""
    keras.utils.clear_session()
    return MODELS[name][0](name, dropout)


def summary(name):
    """The text of model.summary(), 80 columns wide."""
    lines = []
    build(name).summary(line_length=80, print_fn=lines.append)
    return "".join(lines)

// Package picture makes pictures of any size and colour into what the networks
// were trained on: 28x28 grey values from 0, the background, to 1, light on dark.
//
// PNG, JPEG and GIF are read, of a GIF the first frame. Colours become grey by
// their luminance (ITU-R BT.601) over white; an orientation noted in a photo's EXIF
// data is not looked at. A picture of exactly 28x28 pixels counts as one that has
// the sets' form already: beyond grey, and inversion where it is dark on light,
// nothing is done to it.
//
// # Light or dark
//
// The background is the median of the border, a frame of 1/28 of the shorter side. A picture
// whose background is lighter than its mean is dark on light and is inverted,
// which [Picture.Inverted] tells. Among the test pictures of both sets not one would be inverted
// so; by the border's mean, three articles would, which touch the border.
// Paper is seldom white, or evenly lit: what differs from the background no more than the
// border itself does (three times its median deviation) becomes 0.
//
// # Digits
//
// As the makers of MNIST did it (Yann LeCun, Corinna Cortes, Christopher J.C. Burges,
// http://yann.lecun.com/exdb/mnist/): the digit, not the picture, is scaled to
// fit into 20x20 pixels with its aspect ratio kept and with anti-aliasing, and moved by
// whole pixels so that its centre of mass comes to the centre of 28x28.
// Here the centre lies in row and column 14, counted from 0, as in their pictures. Their
// originals were black and white without greys between; ours is stretched from 0
// to 1 instead, before and after the scaling, so that a thin or pale pen writes as their
// digits look, nearly all of which reach 255.
//
// # Articles
//
// As the makers of Fashion-MNIST did it (Han Xiao, Kashif Rasul, Roland Vollgraf,
// Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms,
// https://arxiv.org/abs/1708.07747, section 2): edges within 5% of the
// background are trimmed, the longer side is scaled to 28, the result sharpened with
// a Gaussian of radius and standard deviation 1, centred, and negated. Three
// things differ: their scaling drops rows and columns of pictures that were small
// already, ours takes the mean of areas, since photos are large; the
// background is known by the border, not the corners, and in grey, not colour; and a grey background is taken for
// white, as theirs is.
//
// # Limits
//
// What is too large is refused before it is decoded: files of more than [MaxBytes], pictures of more
// than [MaxPixels], whatever they are packed into, and JPEGs of more than 500 scans. Profiles, texts and
// other data beside the picture are skipped, never unpacked.
package picture

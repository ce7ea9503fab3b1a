"""The colours of all plots and sheets."""

# Okabe and Ito: told apart by colour-blind readers as well.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#332288", "#8B5E3C")
INK, FAINT = "#222222", "#8A8A8A"

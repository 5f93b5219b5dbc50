"""What the figures of a detector are called."""

from components.core.words import Word

METRICS = {
    "map50_95": Word(
        "mAP", "mean average precision over overlaps (IoU) of 0.5 to 0.95 and all classes, COCO's; 1 is best"
    ),
    "map50": Word("mAP at IoU 0.5", "the same where an overlap of half is enough"),
    "ap50_*": Word("average precision of a class", "at IoU 0.5; 1 is best"),
    "f1@50": Word("F1 at IoU 0.5", "of boxes at the confidence that serves; 1 is best"),
    "froc": Word("FROC", "the share of true boxes that is found, averaged over 1/8 to 8 false detections an image"),
    "count_error": Word(
        "count error", "how far the number of boxes in an image is off, as a share of the true one; 0 is best"
    ),
}
BASELINES = {
    "segmentation": Word(
        "classical segmentation", "Otsu's threshold and a watershed, settings chosen on validation images"
    ),
}
